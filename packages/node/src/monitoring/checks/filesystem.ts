import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CheckDefinition, type Finding, type HealthStatus, measured } from '../health-check.ts';

export interface FileSystemCheckOptions {
  /** Folder that the application writes to; default the system's folder for temporary files. */
  directory?: string;
  /** Free space in percent below which it is degraded and unhealthy; default 10 and 3. */
  freePercent?: readonly [number, number];
}

function gradeFree(free: number, [degraded, unhealthy]: readonly [number, number]): HealthStatus {
  if (free < unhealthy) {
    return 'unhealthy';
  }
  return free < degraded ? 'degraded' : 'healthy';
}

async function freeSpace(directory: string, limits: readonly [number, number] = [10, 3]): Promise<Finding> {
  const { statfs } = process.getBuiltinModule('node:fs/promises');
  const { bavail, blocks, bsize } = await statfs(directory);
  const free = measured((100 * bavail) / blocks, 'percent');
  return {
    status: gradeFree((100 * bavail) / blocks, limits),
    details: { freeBytes: bavail * bsize, freePercent: free.value },
    measurements: { free },
  };
}

/** Writes, reads and deletes a file, and looks at the free space. */
export function fileSystemCheck(options: FileSystemCheckOptions = {}): CheckDefinition {
  const directory = options.directory ?? tmpdir();
  return {
    name: 'filesystem',
    componentType: 'system',
    async run(signal) {
      const { readFile, rm, writeFile } = process.getBuiltinModule('node:fs/promises');
      const file = join(directory, `health-check-${randomUUID()}`);
      try {
        await writeFile(file, file, { flag: 'wx', mode: 0o600, signal });
        if ((await readFile(file, { encoding: 'utf8', signal })) !== file) {
          throw new Error('the content read is not the content written');
        }
      } finally {
        await rm(file, { force: true });
      }
      const found = await freeSpace(directory, options.freePercent);
      return { ...found, details: { writeable: true, ...found.details } };
    },
  };
}

/** Looks at the free space alone, and writes nothing: for folders that are read-only. */
export function diskCheck(options: FileSystemCheckOptions & { name?: string } = {}): CheckDefinition {
  const { name = 'disk', directory = tmpdir(), freePercent } = options;
  return { name, componentType: 'system', run: () => freeSpace(directory, freePercent) };
}
