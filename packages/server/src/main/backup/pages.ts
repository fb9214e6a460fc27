import type { BackupCopies, BackupDetail, BackupItem, BackupPlan, BackupsPage } from '@yumops/protocol';
import {
  type BackupConfig,
  type BackupRetention,
  type CatalogueEntry,
  FIRST,
  jobNames,
  planRetention,
  readVerifications,
  SELF,
} from '../../care/backup/index.ts';
import type { BackupPages } from '../../http/backups.ts';
import type { Clock } from '../../lib/clock.ts';
import { nextTick } from '../../lib/cron.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { type Backups, refuseOneOff } from './backups.ts';
import { confirmKitProof } from './recovery-kit.ts';
import type { TelemetryStanding } from './self-telemetry.ts';
import type { BackupWatch, SeenBackup } from './watch.ts';

function itemsOf({ entries, copy }: SeenBackup, config: BackupConfig, now: number): BackupItem[] {
  const { retention, copyTo } = config;
  const copies = new Map((copy?.entries ?? []).filter(isWhole).map((entry) => [entry.id, entry]));
  const keptAt = (held: readonly CatalogueEntry[], by: BackupRetention) =>
    new Map(planRetention(held, { ...config, retention: by }, now).keep.map((item) => [item.id, item.why]));
  const kept = keptAt(entries, retention);
  const here = entries.map((entry): BackupItem => {
    const second = copies.get(entry.id);
    const places = [
      ...(isWhole(entry) ? [{ name: FIRST, verified: entry.verified }] : []),
      ...(second && copy ? [{ name: copy.name, verified: second.verified }] : []),
    ];
    return { ...entry, keptFor: kept.get(entry.id) ?? [], places };
  });
  if (copy === null || copyTo === null) return here;
  const keptThere = keptAt(copy.entries, copyTo.retention);
  const known = new Set(entries.map(({ id }) => id));
  const there = [...copies.values()].filter(({ id }) => !known.has(id));
  return [
    ...here,
    ...there.map((entry) => ({
      ...entry,
      keptFor: keptThere.get(entry.id) ?? [],
      places: [{ name: copy.name, verified: entry.verified }],
    })),
  ];
}

const isWhole = ({ status }: CatalogueEntry) => status === 'good';

function copiesOf({ copy }: SeenBackup, { copyTo }: BackupConfig): BackupCopies | null {
  if (copy === null || copyTo === null) return null;
  const { name, address, recoverable, entries, missing, lagSeconds, unreadable } = copy;
  return {
    ...{ name, address, lagSeconds, unreadable },
    retention: { ...copyTo.retention },
    recoverable: { ...recoverable },
    backups: entries.filter(isWhole).length,
    missing: [...missing],
  };
}

function planOf(
  seen: SeenBackup,
  config: BackupConfig,
  { now, telemetry }: { now: number; telemetry: TelemetryStanding },
): BackupPlan {
  const next = nextTick({ pattern: config.schedule, timeZone: config.timeZone }, now);
  const { recoveryTimeMs, recoveryPointMs } = config.targets;
  return {
    name: config.name,
    database: config.database,
    schemas: config.schemas,
    files: config.files.length,
    tiers: [...config.tiers],
    schedule: config.schedule,
    timeZone: config.timeZone,
    nextRunAt: next === null ? null : new Date(next).toISOString(),
    retention: { ...config.retention },
    targets: { recoveryTimeSeconds: recoveryTimeMs / 1_000, recoveryPointSeconds: recoveryPointMs / 1_000 },
    recoverable: { ...seen.recoverable },
    problems: seen.problems.map(({ code, message }) => ({ code, message })),
    drills: seen.drills.map(({ name: _, phases, findings, ...drill }) => ({
      ...drill,
      phases: { ...phases },
      findings: [...findings],
    })),
    jobs: jobNames(config),
    copy: copiesOf(seen, config),
    isSelf: config.name === SELF,
    telemetry: config.name === SELF ? telemetry : null,
    kit: seen.kit && { keyId: seen.kit.keyId, at: seen.kit.at, by: seen.kit.by },
  };
}

/** What the API and the console show of backups, read from the stores each time. */
export function backupPages(open: () => Backups, watch: BackupWatch, clock: Clock): BackupPages {
  const find = async (id: string) => {
    const all = open();
    const config = all.configOf(id);
    const seen = await watch.see(all, config.name);
    const item = itemsOf(seen, config, clock.now()).find((entry) => entry.id === id);
    // What only the second destination holds is read there.
    if (item) return { backups: all.at(item.places[0]?.name), config, item };
    throw new YumOpsError('backup_unknown', `There is no backup ${id}.`, {
      hint: 'See `yumops backup list`.',
      status: 404,
    });
  };
  let known: { at: number; value: TelemetryStanding; of: Backups } | undefined;
  // It is measured file by file: not at each look of each page.
  const standing = async (of: Backups) => {
    const at = clock.monotonic();
    if (known?.of !== of || at - known.at > MEASURE_EVERY) known = { at, value: await of.telemetry(), of };
    return known.value;
  };
  return {
    async page(limit, after): Promise<BackupsPage> {
      const backups = open();
      const all = await Promise.all(
        backups.all.map(async (config) => ({ config, seen: await watch.see(backups, config.name) })),
      );
      const at = { now: clock.now(), telemetry: await standing(backups) };
      const items = all.flatMap(({ seen, config }) => itemsOf(seen, config, at.now)).sort(newestFirst);
      const start = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
      const page = items.slice(start, start + limit);
      const more = start + limit < items.length;
      return {
        items: page,
        nextCursor: more ? (page.at(-1)?.id ?? null) : null,
        plans: all.map(({ seen, config }) => planOf(seen, config, at)),
      };
    },
    async detail(id): Promise<BackupDetail> {
      const { backups, config, item } = await find(id);
      const verifications = await readVerifications(await backups.repository(config), id);
      const manifest = item.status === 'good' ? await backups.manifest(id) : null;
      const source = manifest?.source ?? null;
      return {
        ...item,
        finished: manifest?.finished ?? null,
        madeBy: manifest?.madeBy ?? null,
        client: manifest?.client ?? null,
        source: source && {
          database: source.database,
          catalog: source.catalog,
          serverVersion: source.serverVersion,
          extensions: source.extensions.map(({ name, version }) => `${name} ${version}`),
        },
        objects: (manifest?.objects ?? []).map(({ part, path, bytes, sha256 }) => ({ part, path, bytes, sha256 })),
        warnings: [...(manifest?.warnings ?? [])],
        lockedUntil: manifest?.lockedUntil ?? null,
        keyId: manifest?.keyId ?? null,
        verifications: verifications.map(({ at, level, ok, findings, phases, evidence }) => ({
          ...{ at, level, ok, findings: [...findings], phases: { ...phases }, evidence: { ...evidence } },
        })),
      };
    },
    async confirmKit(name, typed, by) {
      const backups = open();
      const report = await confirmKitProof(backups, backups.config(name), typed, { at: clock.now(), by });
      watch.nudge();
      return report.confirmed;
    },
    jobOf(name, isOneOff) {
      const config = open().config(name);
      if (isOneOff) refuseOneOff(config);
      return isOneOff ? jobNames(config).once : jobNames(config).backup;
    },
    verifyJobOf: (id) => jobNames(open().configOf(id)).verify,
  };
}

/** Milliseconds between two measurements of the embedded telemetry store. */
const MEASURE_EVERY = 5 * 60_000;

const newestFirst = (a: BackupItem, b: BackupItem) => (a.started < b.started ? 1 : -1);
