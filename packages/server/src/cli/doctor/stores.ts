import { Redis } from 'ioredis';
import { loadConfig } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { openBlobStore } from '../../store/blob/index.ts';
import { connectState } from '../../store/state/index.ts';
import { connectTelemetry } from '../../store/telemetry/index.ts';
import { type Diagnosis, ok, problem, warning } from './diagnosis.ts';

/** What a store says of itself. */
interface StoreFacts {
  /** Such as `Postgres 18.1`. */
  product: string;
  version: number;
  /** Its clock, milliseconds since the epoch; undefined where it tells none. */
  now?: number;
}

/** A store that is reached by URL. */
interface OutsideStore {
  name: string;
  setting: string;
  url: string | undefined;
  /** The oldest version that the platform is tried with, and its name. */
  oldest?: readonly [number, string];
  ask(url: string): Promise<StoreFacts>;
}

/** Deadlines and windows are told by the stores' clocks and ours alike, milliseconds. */
const CLOCK_WARNING = 2_000;
const CLOCK_PROBLEM = 30_000;

/** The stores that are reached by URL: they answer, are not too old, and their clocks agree with this machine's. */
export async function checkStores(settings: Settings, clock: Clock = systemClock): Promise<Diagnosis[]> {
  const { stores } = loadConfig({ path: settings.config, env: settings.env }).config ?? {};
  const outside = (written: string | undefined) =>
    written === undefined || written === 'embedded' || written.startsWith('file:') ? undefined : written;
  const all: OutsideStore[] = [
    {
      ...{ name: 'state store', setting: 'YUMOPS_STATE_URL', url: settings.stateUrl ?? outside(stores?.state) },
      ...{ oldest: [15, 'Postgres 15'], ask: askPostgres },
    },
    {
      ...{ name: 'telemetry store', setting: 'YUMOPS_TELEMETRY_URL' },
      url: settings.telemetryUrl ?? outside(stores?.telemetry),
      ...{ oldest: [25, 'ClickHouse 25'], ask: askClickHouse },
    },
    {
      ...{
        name: 'counter store',
        setting: 'YUMOPS_COUNTER_URL',
        url: settings.counterUrl ?? outside(stores?.counters),
      },
      ...{ oldest: [6, 'Redis 6'], ask: askRedis },
    },
    {
      ...{ name: 'blob store', setting: 'YUMOPS_BLOB_URL', url: settings.blobUrl ?? outside(stores?.blobs) },
      ask: (url) => askBlobs(url, settings),
    },
  ];
  const asked = all.flatMap((store) => (store.url === undefined ? [] : [judge(store, store.url, clock)]));
  return Promise.all(asked);
}

async function judge({ name, setting, oldest, ask }: OutsideStore, url: string, clock: Clock): Promise<Diagnosis> {
  try {
    const before = clock.now();
    const { product, version, now } = await ask(url);
    const middle = (before + clock.now()) / 2;
    const skew = now === undefined ? 0 : now - middle;
    // What the answer took may be all on one side.
    const certain = Math.max(0, Math.abs(skew) - (clock.now() - before) / 2);
    const text = `${product}${now === undefined ? '' : `, its clock ${clockText(skew)}`}.`;
    const sync = 'Let both machines follow a time server (chrony, systemd-timesyncd).';
    if (certain > CLOCK_PROBLEM) return problem(name, text, sync);
    if (oldest && version < oldest[0])
      return warning(name, text, `Move to ${oldest[1]} or later: older ones are not tried.`);
    return certain > CLOCK_WARNING ? warning(name, text, sync) : ok(name, text);
  } catch (error) {
    return problem(name, `It does not answer: ${messageOf(error)}`, `See that it runs, and ${setting}.`);
  }
}

function clockText(skew: number): string {
  if (Math.abs(skew) < 1_000) return 'agrees with this machine';
  return `is ${(Math.abs(skew) / 1_000).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'} this machine`;
}

async function askPostgres(url: string): Promise<StoreFacts> {
  const db = connectState(url, { log: createLog(systemClock, () => undefined), maxConnections: 1 });
  try {
    const [row] = await db.query<{ version: string; now: number }>(
      `SELECT current_setting('server_version') AS version, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`,
    );
    const { version, now } = row as { version: string; now: number };
    return { product: `Postgres ${version}`, version: Number.parseInt(version, 10), now };
  } finally {
    await db.close();
  }
}

async function askClickHouse(url: string): Promise<StoreFacts> {
  const telemetry = connectTelemetry(url);
  try {
    const [row] = await telemetry.query<{ version: string; now: number }>(
      'SELECT version() AS version, toUnixTimestamp64Milli(now64(3)) AS now',
      {},
      { maxSeconds: 5 },
    );
    const { version, now } = row as { version: string; now: number };
    return { product: `ClickHouse ${version}`, version: Number.parseInt(version, 10), now: Number(now) };
  } finally {
    await telemetry.close();
  }
}

async function askRedis(url: string): Promise<StoreFacts> {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 5_000, retryStrategy: () => null });
  let failure: unknown;
  client.on('error', (error) => {
    failure = error;
  });
  try {
    await client.connect();
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'of unknown version';
    const [seconds, micros] = await client.time();
    const now = Number(seconds) * 1_000 + Number(micros) / 1_000;
    return { product: `Redis ${version}`, version: Number.parseInt(version, 10), now };
  } catch (error) {
    throw failure ?? error;
  } finally {
    client.disconnect();
  }
}

async function askBlobs(url: string, { dataDir }: Settings): Promise<StoreFacts> {
  const blobs = await openBlobStore(url, dataDir);
  try {
    await blobs.head('yumops-doctor');
    return { product: `${blobs.address} can be read`, version: 0 };
  } finally {
    blobs.close();
  }
}
