import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { AuditVerdict, InstanceItem, Page, SecretsReport } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings, type Settings } from '../config/settings.ts';
import { messageOf } from '../lib/errors.ts';
import { type RunFile, readRunFile } from '../main/run-file.ts';
import { openClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { runningFindings } from './running-findings.ts';

/** One thing looked at. */
interface Diagnosis {
  name: string;
  status: 'ok' | 'warning' | 'problem';
  message: string;
  hint: string | null;
}

const GIB = 1024 ** 3;

const ok = (name: string, message: string): Diagnosis => ({ name, status: 'ok', message, hint: null });
const warning = (name: string, message: string, hint: string): Diagnosis => ({
  name,
  status: 'warning',
  message,
  hint,
});
const problem = (name: string, message: string, hint: string): Diagnosis => ({
  name,
  status: 'problem',
  message,
  hint,
});

function checkNode(): Diagnosis {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= 22) return ok('node', `Node ${process.versions.node}.`);
  return warning(
    'node',
    `Node ${process.versions.node} no longer gets security fixes.`,
    'Move to Node 24; nothing else changes.',
  );
}

function checkLibc(settings: Settings): Diagnosis {
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

function checkMemory(): Diagnosis {
  const total = totalmem();
  const text = `${(total / GIB).toFixed(1)} GiB of memory, ${availableParallelism()} cores.`;
  return total >= 1.5 * GIB
    ? ok('memory', text)
    : warning('memory', text, 'Give the machine 2 GiB, or use external stores.');
}

async function checkData(settings: Settings): Promise<Diagnosis> {
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

function checkPort(settings: Settings): Promise<Diagnosis> {
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

async function checkRunning(running: RunFile): Promise<Diagnosis> {
  try {
    const response = await fetch(`${running.url}/readyz?verbose`, { signal: AbortSignal.timeout(5_000) });
    const text = (await response.text()).trim();
    if (response.ok) return ok('platform', `It serves at ${running.url} (process ${running.pid}).`);
    return problem('platform', `It runs at ${running.url} but is not ready: ${text}`, 'See its output for the reason.');
  } catch (error) {
    return problem(
      'platform',
      `Process ${running.pid} does not answer at ${running.url}: ${messageOf(error)}.`,
      'Restart it.',
    );
  }
}

async function checkConfig(settings: Settings): Promise<Diagnosis> {
  const { loadConfig } = await import('../config/index.ts');
  const { findings } = (await runningFindings(settings)) ?? loadConfig({ path: settings.config, env: settings.env });
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  if (errors === 0) return ok('configuration', 'The configuration has no errors.');
  return problem(
    'configuration',
    `The configuration has ${errors} ${errors === 1 ? 'error' : 'errors'}.`,
    'See `yumops check`.',
  );
}

async function diagnose(settings: Settings): Promise<Diagnosis[]> {
  const running = await readRunFile(settings.dataDir);
  return Promise.all([
    checkNode(),
    checkLibc(settings),
    checkMemory(),
    checkData(settings),
    running ? checkRunning(running) : checkPort(settings),
    checkConfig(settings),
    ...(running ? [checkAuditLog(settings), checkSecrets(settings), checkInstances(settings)] : []),
  ]);
}

/** Who shares the state store: one that is away, versions that differ. */
async function checkInstances(settings: Settings): Promise<Diagnosis> {
  const client = await openClient(settings);
  try {
    const { items } = await client.get<Page<InstanceItem>>('/api/v1/instances');
    const away = items.find(({ state }) => state === 'away');
    const versions = [...new Set(items.filter(({ state }) => state === 'live').map(({ version }) => version))];
    if (away) {
      const text = `The instance at ${away.url} (${away.roles.join(', ')}) has not been heard since ${away.seenAt}.`;
      return warning('instances', text, 'Start it again: what its spool holds waits there. See `yumops instances`.');
    }
    if (versions.length > 1) {
      const text = `Instances run different versions: ${versions.join(', ')}.`;
      return warning('instances', text, 'Finish the upgrade: see docs/guide/upgrading.md.');
    }
    return ok('instances', `${items.length} ${items.length === 1 ? 'instance' : 'instances'} on the state store.`);
  } catch (error) {
    return warning('instances', `They cannot be listed: ${messageOf(error)}`, 'Ask an instance with the role web.');
  } finally {
    await client.close();
  }
}

/** Only with a running platform: to look into the log is no reason to start the engines. */
async function checkAuditLog(settings: Settings): Promise<Diagnosis> {
  const client = await openClient(settings);
  try {
    const { entries, faults } = await client.get<AuditVerdict>('/api/v1/audit/verify');
    const [first] = faults;
    if (first === undefined) return ok('audit log', `${entries} entries, and its chain is whole.`);
    return problem(
      'audit log',
      `It was tampered with: ${faults.map(({ message }) => message).join(' ')}`,
      'Find out who has access to the state database; a backup from before has the entries. See `yumops audit --verify`.',
    );
  } catch (error) {
    return problem('audit log', `It could not be checked: ${messageOf(error)}`, 'See the output of the platform.');
  } finally {
    await client.close();
  }
}

/** Under which key stored secrets stand. */
async function checkSecrets(settings: Settings): Promise<Diagnosis> {
  const client = await openClient(settings);
  try {
    const { parts } = await client.get<SecretsReport>('/api/v1/secrets');
    const lost = parts
      .filter(({ unreadable }) => unreadable > 0)
      .map(({ name, unreadable }) => `${unreadable} ${name}`);
    const old = parts.filter(({ previous }) => previous > 0).map(({ name, previous }) => `${previous} ${name}`);
    if (lost.length > 0) {
      return problem(
        'secrets',
        `No key that is given opens ${lost.join(', ')}.`,
        'Name the key that they were stored under in YUMOPS_SECRET_KEY_PREVIOUS; the recovery kit has it.',
      );
    }
    if (old.length > 0) {
      return warning('secrets', `${old.join(', ')} stand under a previous key.`, 'Run `yumops secrets rotate`.');
    }
    const all = parts.reduce((sum, { current }) => sum + current, 0);
    return ok('secrets', `All ${all} that are stored stand under the current key.`);
  } catch (error) {
    return problem('secrets', `They could not be counted: ${messageOf(error)}`, 'See the output of the platform.');
  } finally {
    await client.close();
  }
}

const MARKS = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const;

export const doctor = defineCommand({
  meta: { name: 'yumops doctor', description: 'Look at this machine and this installation; exit 1 on a problem' },
  args: platformArgs,
  async run({ args }) {
    const diagnoses = await diagnose(readSettings(args));
    if (args.json) printJson({ diagnoses });
    else {
      for (const { name, status, message, hint } of diagnoses) {
        process.stdout.write(`${MARKS[status]}  ${name}: ${message}\n${hint ? `         ${hint}\n` : ''}`);
      }
    }
    return diagnoses.some((diagnosis) => diagnosis.status === 'problem') ? 1 : 0;
  },
});
