import { defineCommand } from 'citty';
import {
  type BackupConfig,
  type CatalogueEntry,
  type CopyState,
  kitProblem,
  type Recoverable,
  SELF,
} from '../../care/backup/index.ts';
import { formatBytes } from '../../care/database/index.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { Backups } from '../../main/backup/backups.ts';
import type { TelemetryStanding } from '../../main/backup/self-telemetry.ts';
import { printJson } from '../command.ts';
import { shownTime } from '../shown-time.ts';
import { type Column, formatTable } from '../table.ts';
import { backupArgs, chooseConfigs, fromArg, withBackups } from './open.ts';

function verifiedText({ verified }: CatalogueEntry): string {
  if (verified === null) return 'never';
  return `${verified.ok ? '' : 'FAILED '}L${verified.level} ${shownTime(verified.at)}`;
}

/** A backup, and its copy where there is a second destination: null = it is not there. */
type Listed = CatalogueEntry & { copy?: Pick<CatalogueEntry, 'status' | 'verified'> | null };

export function tierCell({
  tier,
  schemas,
  oneOff,
  synthetic,
  parent,
}: Pick<Listed, 'tier' | 'schemas' | 'oneOff' | 'synthetic' | 'parent'>): string {
  const kind = synthetic ? ', synthetic full' : parent === null ? '' : ', increment';
  return `${tier}${kind}${oneOff ? ', once' : ''}${schemas ? `, only ${schemas.join(' ')}` : ''}`;
}

const COLUMNS: Column<Listed>[] = [
  { heading: 'BACKUP', cell: ({ id }) => id },
  { heading: 'TIER', cell: tierCell },
  { heading: 'STARTED', cell: ({ started }) => shownTime(started) },
  { heading: 'TOOK', cell: ({ seconds }) => (seconds === null ? '' : formatDuration(seconds * 1_000)), align: 'right' },
  { heading: 'SIZE', cell: ({ bytes }) => formatBytes(bytes), align: 'right' },
  { heading: 'STATUS', cell: ({ status }) => status },
  { heading: 'VERIFIED', cell: verifiedText },
  { heading: 'WHY', cell: ({ why }) => why ?? '' },
];

const COPIED: Column<Listed>[] = [...COLUMNS.slice(0, -1), { heading: 'COPY', cell: copyCell }, ...COLUMNS.slice(-1)];

function copyCell({ status, copy }: Listed): string {
  if (status !== 'good' || copy === undefined) return '';
  if (copy === null) return 'none';
  if (copy.status !== 'good') return copy.status;
  const { verified } = copy;
  return verified === null ? 'there' : `${verified.ok ? '' : 'FAILED '}L${verified.level} ${shownTime(verified.at)}`;
}

function copyOf({ id }: CatalogueEntry, state: CopyState | null): Pick<Listed, 'copy'> {
  if (state === null || state.unreadable !== null) return {};
  const found = state.entries.find((entry) => entry.id === id);
  return { copy: found ? { status: found.status, verified: found.verified } : null };
}

function copyJson({ name, address, recoverable, missing, lost, lagSeconds, unreadable }: CopyState) {
  return { destination: name, address, recoverable, missing, lost, lag_seconds: lagSeconds, unreadable };
}

function copyText(
  name: string,
  { name: place, missing, lost, unreadable, recoverable, lagSeconds }: CopyState,
): string {
  if (unreadable !== null) return `${name}: the copies at "${place}" cannot be read. ${unreadable}\n`;
  const { earliest, latest } = recoverable;
  const reach = earliest === null ? 'nothing can be restored' : `recoverable from ${earliest} to ${latest}`;
  const lag = formatDuration((lagSeconds ?? 0) * 1_000);
  const gone =
    lost.length === 0 ? '' : ` The first has lost ${lost.join(', ')}: yumops backup copy ${name} --from ${place}.`;
  const lack = missing.length === 0 ? 'nothing is missing' : `${missing.length} missing, for up to ${lag}`;
  return `${name} at "${place}": ${reach}; ${lack}.${gone}\n`;
}

function recoverableText(name: string, { earliest, latest }: Recoverable): string {
  if (earliest === null || latest === null) return `${name}: nothing can be restored.\n`;
  return `${name}: recoverable from ${earliest} to ${latest}.\n`;
}

function telemetryText({ isIncluded, bytes }: TelemetryStanding): string {
  if (bytes === null) return `${SELF}: the telemetry is on a ClickHouse server and not in it; back it up there.\n`;
  const size = formatBytes(bytes);
  if (isIncluded) return `${SELF}: every backup from now on holds the telemetry, ${size} on disk now.\n`;
  return `${SELF}: the telemetry is not in it, ${size} on disk now; \`self_backup: {telemetry: true}\` includes it.\n`;
}

interface NamedList {
  name: string;
  entries: CatalogueEntry[];
  recoverable: Recoverable;
  /** Whether somebody confirmed to keep the kit; asked of the first destination alone. */
  kit: boolean;
  copy: CopyState | null;
  /** Of YumOps itself. */
  telemetry: TelemetryStanding | null;
}

async function readList(backups: Backups, config: BackupConfig, isFirst: boolean): Promise<NamedList> {
  const entries = await backups.list(config);
  const kit = !isFirst || (await backups.kitConfirmation(config)) !== null;
  const copy = isFirst ? await backups.copies.state(config, entries) : null;
  const telemetry = config.name === SELF ? await backups.telemetry() : null;
  return { name: config.name, telemetry, entries, recoverable: await backups.recoverable(config, entries), kit, copy };
}

function asText(lists: readonly NamedList[], entries: readonly Listed[]): string {
  const columns = lists.some(({ copy }) => copy) ? COPIED : COLUMNS;
  const table = formatTable(columns, entries) || 'There are no backups yet. Make one: yumops backup now NAME\n';
  const notes = lists.map(({ name, recoverable, kit, copy, telemetry }) => {
    const unconfirmed = `${name}: ${kitProblem(name, null)[0]?.message}\n  yumops backup key kit ${name}, then yumops backup key confirm KIT\n`;
    return `${recoverableText(name, recoverable)}${telemetry ? telemetryText(telemetry) : ''}${copy ? copyText(name, copy) : ''}${kit ? '' : unconfirmed}`;
  });
  return table + notes.join('');
}

export const backupList = defineCommand({
  meta: { name: 'yumops backup list', description: 'List backups, as the store has them' },
  args: {
    ...backupArgs,
    ...fromArg,
    name: { type: 'positional', required: false, description: 'Name under backups; default all', valueHint: 'NAME' },
  },
  run: ({ args }) =>
    withBackups(args, async (all) => {
      const backups = all.at(args.from);
      const lists = await Promise.all(
        chooseConfigs(backups, args.name).map((config) => readList(backups, config, backups === all)),
      );
      const entries = lists.flatMap(({ entries: held, copy }) =>
        held.map((entry) => ({ ...entry, ...copyOf(entry, copy) })),
      );
      if (args.json) {
        const [only, ...others] = lists;
        const each = Object.fromEntries(lists.map(({ name, recoverable }) => [name, recoverable]));
        const copies = Object.fromEntries(lists.flatMap(({ name, copy }) => (copy ? [[name, copyJson(copy)]] : [])));
        const own = only?.telemetry ? { telemetry: only.telemetry } : {};
        printJson({
          backups: entries,
          ...own,
          recoverable: only && others.length === 0 ? only.recoverable : each,
          copies,
        });
        return 0;
      }
      process.stdout.write(asText(lists, entries));
      return 0;
    }),
});
