import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckDefinition, HealthStatus } from '../health-check.ts';

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

/** Writes, reads and deletes a file, and looks at the free space. */
export function fileSystemCheck(options: FileSystemCheckOptions = {}): CheckDefinition {
  const directory = options.directory ?? tmpdir();
  return {
    name: 'filesystem',
    async run(signal) {
      const { readFile, rm, statfs, writeFile } = process.getBuiltinModule('node:fs/promises');
      const file = join(directory, `health-check-${randomUUID()}`);
      try {
        await writeFile(file, file, { flag: 'wx', mode: 0o600, signal });
        if ((await readFile(file, { encoding: 'utf8', signal })) !== file) {
          throw new Error('the content read is not the content written');
        }
      } finally {
        await rm(file, { force: true });
      }
      const { bavail, blocks, bsize } = await statfs(directory);
      const free = (100 * bavail) / blocks;
      const details = { writeable: true, freeBytes: bavail * bsize, freePercent: Math.round(free * 10) / 10 };
      return { status: gradeFree(free, options.freePercent ?? [10, 3]), details };
    },
  };
}
