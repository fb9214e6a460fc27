import type { VerificationFinding } from '../catalogue.ts';
import type { Repository } from '../repository.ts';

/** A recovery drill: what it would have taken to be back, and how much would have been lost. */
export interface DrillRecord {
  name: string;
  backup: string;
  at: string;
  ok: boolean;
  /** Sum of the phases. */
  recoveryTimeSeconds: number;
  /** Between the restored moment and the start of the drill. */
  recoveryPointSeconds: number;
  /** Seconds by phase. */
  phases: Readonly<Record<string, number>>;
  findings: readonly VerificationFinding[];
}

const folderOf = ({ folder }: Repository) => `${folder}/drills/`;

/** Keeps the record of a drill beside the backups. */
export async function writeDrill(repository: Repository, drill: DrillRecord): Promise<void> {
  await repository.writeRecord(`${folderOf(repository)}${drill.at.replace(/[:.]/g, '-')}.json`, drill);
}

/** The newest drills, oldest first. */
export async function readDrills(repository: Repository, count: number): Promise<DrillRecord[]> {
  const paths: string[] = [];
  for await (const { path } of repository.store.list(folderOf(repository))) paths.push(path);
  return Promise.all(paths.slice(-count).map((path) => repository.readRecord<DrillRecord>(path)));
}

/** What a drill says about the phases of a trial, from milliseconds. */
export function drillOf(
  drill: Pick<DrillRecord, 'name' | 'backup' | 'at' | 'findings'>,
  phases: Readonly<Record<string, number>>,
  restoredMoment: string,
): DrillRecord {
  const seconds = Object.fromEntries(Object.entries(phases).map(([phase, ms]) => [phase, Math.round(ms) / 1_000]));
  const total = Object.values(seconds).reduce((sum, value) => sum + value, 0);
  const lost = Math.max(0, (Date.parse(drill.at) - Date.parse(restoredMoment)) / 1_000);
  return {
    ...drill,
    ok: drill.findings.length === 0,
    recoveryTimeSeconds: Math.round(total * 1_000) / 1_000,
    recoveryPointSeconds: Math.round(lost * 1_000) / 1_000,
    phases: seconds,
  };
}
