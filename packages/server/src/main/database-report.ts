import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Remark } from '../care/database/index.ts';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { codeOf } from '../lib/errors.ts';

interface DatabaseReport {
  /** Milliseconds since the epoch. */
  at: number;
  remarks: readonly Remark[];
}

/** Milliseconds after which a report is no longer about now. */
const FRESH = 180_000;

const folderOf = (dataDir: string) => join(dataDir, 'databases');
const fileOf = (dataDir: string, name: string) => join(folderOf(dataDir), `${encodeURIComponent(name)}.json`);

/** Leaves what the platform knows about a database from watching it where commands on this machine find it. */
export async function writeDatabaseReport(dataDir: string, name: string, report: DatabaseReport): Promise<void> {
  await mkdir(folderOf(dataDir), { recursive: true, mode: 0o700 });
  await writeFileAtomic(fileOf(dataDir, name), JSON.stringify(report));
}

/** What the platform knows about a database from watching it; nothing when it has not looked lately. */
export async function readDatabaseReport(dataDir: string, name: string, now: number): Promise<readonly Remark[]> {
  try {
    const { at, remarks } = JSON.parse(await readFile(fileOf(dataDir, name), 'utf8')) as DatabaseReport;
    return now - at <= FRESH ? remarks : [];
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return [];
    throw error;
  }
}
