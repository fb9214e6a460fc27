import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { abandonedData } from '../../engines/index.ts';
import { messageOf } from '../../lib/errors.ts';
import { dataModes } from '../../main/data-modes.ts';
import { type Diagnosis, ok, problem, warning } from './diagnosis.ts';

const GIB = 1024 ** 3;

export function checkNode(): Diagnosis {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= 22) return ok('node', `Node ${process.versions.node}.`);
  return warning(
    'node',
    `Node ${process.versions.node} no longer gets security fixes.`,
    'Move to Node 24; nothing else changes.',
  );
}

export function checkLibc(settings: Settings): Diagnosis {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const hasEngine = process.platform === 'darwin' || report.header?.glibcVersionRuntime !== undefined;
  if (hasEngine) return ok('telemetry engine', `The embedded engine runs on ${process.platform} ${process.arch}.`);
  if (settings.telemetryUrl) return ok('telemetry engine', 'An external ClickHouse is used.');
  return problem(
    'telemetry engine',
    'The embedded engine has no build for this system.',
    'Set YUMOPS_TELEMETRY_URL to a ClickHouse server.',
  );
}

export function checkMemory(): Diagnosis {
  const total = totalmem();
  const text = `${(total / GIB).toFixed(1)} GiB of memory, ${availableParallelism()} cores.`;
  return total >= 1.5 * GIB
    ? ok('memory', text)
    : warning('memory', text, 'Give the machine 2 GiB, or use external stores.');
}

export async function checkData(settings: Settings): Promise<Diagnosis> {
  try {
    await mkdir(dirname(settings.dataDir), { recursive: true });
    await access(dirname(settings.dataDir), constants.W_OK);
    const disk = await statfs(dirname(settings.dataDir));
    const free = disk.bavail * disk.bsize;
    const text = `${(free / GIB).toFixed(1)} GiB free for ${settings.dataDir}.`;
    return free > 5 * GIB
      ? ok('data folder', text)
      : warning('data folder', text, 'Free some space, or choose another folder with --data.');
  } catch (error) {
    return problem(
      'data folder',
      `${settings.dataDir} cannot be written: ${messageOf(error)}.`,
      'Choose another folder with --data.',
    );
  }
}

/** Nobody but the platform reads what it keeps, nor its secret key. */
export async function checkModes({ dataDir }: Settings): Promise<Diagnosis> {
  const { writable, readable, key } = await dataModes(dataDir);
  const open = [
    ...(writable ? [dataDir] : []),
    ...readable.map((name) => `${dataDir}/${name}`),
    ...(key !== null && (key & 0o077) !== 0 ? [`${dataDir}.key`] : []),
  ];
  if (open.length === 0) return ok('file modes', 'No other user of this machine reads the data or the secret key.');
  return problem(
    'file modes',
    `Other users of this machine may enter ${open.join(', ')}.`,
    `Run chmod -R go-rwx on it.`,
  );
}

/** Data of engines whose home folder was deleted: root's engines keep it elsewhere. */
export async function checkAbandoned(): Promise<Diagnosis[]> {
  const abandoned = await abandonedData();
  if (abandoned.length === 0) return [];
  const bytes = abandoned.reduce((sum, folder) => sum + folder.bytes, 0);
  const [first] = abandoned;
  const text = `${abandoned.length} ${abandoned.length === 1 ? 'folder' : 'folders'} with ${(bytes / GIB).toFixed(1)} GiB of engines whose home is gone, such as ${first?.path} of ${first?.home}.`;
  return [
    warning(
      'abandoned data',
      text,
      `Delete what nobody needs: rm -r ${abandoned
        .map(({ path }) => path)
        .slice(0, 3)
        .join(' ')}`,
    ),
  ];
}

export function checkPort(settings: Settings): Promise<Diagnosis> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) =>
      resolve(
        problem('port', `Port ${settings.port} cannot be used: ${messageOf(error)}.`, 'Choose another with --port.'),
      ),
    );
    server.listen(settings.port, settings.host, () =>
      server.close(() => resolve(ok('port', `Port ${settings.port} is free.`))),
    );
  });
}
