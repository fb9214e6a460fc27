import type { Queryable } from '../../../lib/db.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import type { DatabaseLevels } from '../../database/index.ts';
import { signalOf } from './signals.ts';

/** A level of something that can run out. */
export interface Sample {
  /** Name of the metric. */
  name: string;
  value: number;
  unit: string;
  labels: Readonly<Record<string, string>>;
}

/** What could not be measured, and why. */
export interface Problem {
  source: string;
  message: string;
}

/** Where levels are read. */
export interface CapacitySources {
  /** Name of this instance: each has a disk of its own. */
  instance: string;
  /** Room on the disk of the data folder, bytes. */
  disk(): Promise<{ used: number; free: number }>;
  telemetry: Pick<TelemetryStore, 'query'>;
  /** Whether the telemetry store lies on a disk of its own. */
  telemetryApart: boolean;
  db: Queryable;
  databases(): readonly string[];
  readDatabase(name: string): Promise<DatabaseLevels>;
}

export const TABLES_SQL = `SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
  WHERE database = currentDatabase() AND active GROUP BY table ORDER BY bytes DESC`;

async function sampleDisk({ disk, instance }: CapacitySources): Promise<Sample[]> {
  const { used, free } = await disk();
  const labels = { disk: instance };
  return [
    { name: 'capacity_disk_used_bytes', value: used, unit: 'bytes', labels },
    { name: 'capacity_disk_free_bytes', value: free, unit: 'bytes', labels },
  ];
}

async function sampleTelemetry({ telemetry, telemetryApart }: CapacitySources): Promise<Sample[]> {
  const tables = await telemetry.query<{ table: string; rows: number; bytes: number }>(TABLES_SQL);
  const signals = new Map<string, { rows: number; bytes: number }>();
  for (const { table, rows, bytes } of tables) {
    const signal = signalOf(table);
    const known = signals.get(signal) ?? { rows: 0, bytes: 0 };
    signals.set(signal, { rows: known.rows + rows, bytes: known.bytes + bytes });
  }
  const samples = [...signals].flatMap(([signal, { rows, bytes }]): Sample[] => [
    { name: 'capacity_telemetry_bytes', value: bytes, unit: 'bytes', labels: { signal } },
    { name: 'capacity_telemetry_rows', value: rows, unit: 'rows', labels: { signal } },
  ]);
  const total = tables.reduce((sum, { bytes }) => sum + bytes, 0);
  samples.push({ name: 'capacity_telemetry_total_bytes', value: total, unit: 'bytes', labels: {} });
  if (!telemetryApart) return samples;
  const disks = await telemetry.query<{ name: string; free: number; total: number }>(
    "SELECT name, toFloat64(free_space) AS free, toFloat64(total_space) AS total FROM system.disks WHERE type = 'Local'",
  );
  return [
    ...samples,
    ...disks.flatMap(({ name, free, total }): Sample[] => [
      { name: 'capacity_disk_used_bytes', value: total - free, unit: 'bytes', labels: { disk: `telemetry ${name}` } },
      { name: 'capacity_disk_free_bytes', value: free, unit: 'bytes', labels: { disk: `telemetry ${name}` } },
    ]),
  ];
}

async function sampleState({ db }: CapacitySources): Promise<Sample[]> {
  const [row] = await db.query<{ bytes: number }>('SELECT pg_database_size(current_database())::float8 AS bytes');
  return row ? [{ name: 'capacity_state_bytes', value: row.bytes, unit: 'bytes', labels: {} }] : [];
}

/** Only roles of pg_monitor see the files of the log. */
async function sampleStateLog({ db }: CapacitySources): Promise<Sample[]> {
  const [row] = await db.query<{ bytes: number }>('SELECT sum(size)::float8 AS bytes FROM pg_ls_waldir()');
  return row ? [{ name: 'capacity_state_wal_bytes', value: row.bytes, unit: 'bytes', labels: {} }] : [];
}

async function sampleDatabase(name: string, { readDatabase }: CapacitySources): Promise<Sample[]> {
  const { blocks, connections } = await readDatabase(name);
  const samples: Sample[] = [];
  const of = { database: name };
  if (blocks !== null) {
    samples.push({ name: 'capacity_blocks_hit', value: blocks.hit, unit: 'blocks', labels: of });
    samples.push({ name: 'capacity_blocks_read', value: blocks.read, unit: 'blocks', labels: of });
  }
  if (connections !== null) {
    samples.push({ name: 'capacity_connections_used', value: connections.used, unit: 'connections', labels: of });
    samples.push({ name: 'capacity_connections_usable', value: connections.usable, unit: 'connections', labels: of });
  }
  return samples;
}

/** Measures every level now. What cannot be read is named, and the rest goes on. */
export async function takeSamples(sources: CapacitySources): Promise<{ samples: Sample[]; problems: Problem[] }> {
  const parts: [source: string, take: () => Promise<Sample[]>][] = [
    ['disk of the data folder', () => sampleDisk(sources)],
    ['telemetry store', () => sampleTelemetry(sources)],
    ['state store', () => sampleState(sources)],
    ['write-ahead log of the state store', () => sampleStateLog(sources)],
    ...sources
      .databases()
      .map((name): [string, () => Promise<Sample[]>] => [`database ${name}`, () => sampleDatabase(name, sources)]),
  ];
  const samples: Sample[] = [];
  const problems: Problem[] = [];
  for (const [source, take] of parts) {
    try {
      samples.push(...(await take()));
    } catch (error) {
      problems.push({ source, message: messageOf(error) });
    }
  }
  return { samples, problems };
}
