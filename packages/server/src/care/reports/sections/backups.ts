import {
  type BackupProblem,
  type CatalogueEntry,
  type DrillRecord,
  type Recoverable,
  regularOf,
} from '../../backup/index.ts';
import { formatAt } from '../format.ts';
import type { Observation, ObservationCode } from '../observation.ts';
import { type Period, REPORT_KINDS } from '../period.ts';
import { pageOf, type SectionSource } from '../section.ts';

/** What is known of one backup. */
export interface KnownBackup {
  name: string;
  entries: readonly CatalogueEntry[];
  recoverable: Recoverable;
  /** Oldest first. */
  drills: readonly DrillRecord[];
  problems: readonly BackupProblem[];
}

const UNPROVED: readonly BackupProblem['code'][] = ['never_verified', 'kit_unconfirmed', 'odd_size', 'late'];

/** Backups: the last, the last that is known to restore, and to which moment. */
export function backupSection(deps: { backups(): Promise<readonly KnownBackup[]> }): SectionSource {
  return {
    key: 'backups',
    title: 'Backups',
    kinds: REPORT_KINDS,
    async read(period) {
      const backups = await deps.backups();
      if (backups.length === 0) return { unknown: 'Nothing is backed up (backups:).' };
      const made = backups.flatMap(({ entries }) => entries.filter((entry) => inside(entry.started, period)));
      const drills = backups.flatMap((backup) => backup.drills.filter(({ at }) => inside(at, period)));
      const failed = made.filter(({ status }) => status === 'failed').length;
      const href = pageOf('/backups', {}, period);
      return {
        figures: [
          { label: 'Backups made', value: made.length, unit: 'count', href },
          { label: 'Failed', value: failed, unit: 'count', href },
          { label: 'Drills', value: drills.length, unit: 'count', href },
        ],
        tables: [tableOf(backups, period), ...drillTable(drills, period)],
        observations: observe(backups),
      };
    },
  };
}

const inside = (iso: string, { from, to }: Period) => Date.parse(iso) >= from && Date.parse(iso) < to;

function tableOf(backups: readonly KnownBackup[], { timeZone }: Period) {
  const at = (iso: string | undefined | null) => (iso ? formatAt(Date.parse(iso), timeZone) : null);
  return {
    title: 'What can be restored',
    columns: ['Backup', 'Last good', 'Last verified', 'Recoverable to', 'Problems'].map((label) => ({
      label,
      unit: null,
    })),
    rows: backups.map(({ name, entries, recoverable, problems }) => {
      const good = regularOf(entries).filter(({ status }) => status === 'good');
      const verified = good.flatMap(({ verified: proof }) => (proof?.ok ? [proof.at] : [])).sort();
      return {
        href: '/backups',
        cells: [
          name,
          at(good.at(-1)?.started),
          at(verified.at(-1)),
          at(recoverable.latest),
          problems.length === 0 ? 'none' : problems.map(({ code }) => code.replaceAll('_', ' ')).join(', '),
        ],
      };
    }),
    more: 0,
  };
}

function drillTable(drills: readonly DrillRecord[], period: Period) {
  const { timeZone } = period;
  if (drills.length === 0) return [];
  return [
    {
      title: 'Recovery drills',
      columns: [
        { label: 'Backup', unit: null },
        { label: 'When', unit: null },
        { label: 'Result', unit: null },
        { label: 'Recovery time', unit: 's' as const },
        { label: 'Recovery point', unit: 's' as const },
      ],
      rows: drills.map(({ name, at, ok, recoveryTimeSeconds, recoveryPointSeconds }) => ({
        href: pageOf('/backups', {}, period),
        cells: [
          name,
          formatAt(Date.parse(at), timeZone),
          ok ? 'recovered' : 'failed',
          recoveryTimeSeconds,
          recoveryPointSeconds,
        ],
      })),
      more: 0,
    },
  ];
}

/** One observation for each problem, however many backups have it: what is to be done is the same. */
function observe(backups: readonly KnownBackup[]): Observation[] {
  const all = backups.flatMap(({ name, problems }) => problems.map((problem) => ({ name, ...problem })));
  return [...new Set(all.map(({ code }) => code))].map((code) => {
    const having = all.filter((problem) => problem.code === code);
    return observationOf(code, [...new Set(having.map(({ name }) => name))], having[0]?.message ?? '');
  });
}

function observationOf(code: BackupProblem['code'], names: readonly string[], reason: string): Observation {
  const grave = !UNPROVED.includes(code);
  const kind: ObservationCode = grave ? 'backup_failed' : 'backup_unproved';
  return {
    code: kind,
    subject: `${names.join(',')} ${code}`,
    title: titleOf(code, names.map((name) => `"${name}"`).join(', ')),
    reason,
    evidence: [code.replaceAll('_', ' ')],
    href: pageOf('/backups', {}),
    size: grave ? 0.5 : 0.2,
    reach: null,
    fresh: grave,
  };
}

function titleOf(code: BackupProblem['code'], names: string): string {
  if (code === 'kit_unconfirmed') return `Confirm that you keep the recovery kit of ${names}`;
  return UNPROVED.includes(code) ? `Prove that the backup of ${names} can be used` : `Get the backup of ${names} right`;
}
