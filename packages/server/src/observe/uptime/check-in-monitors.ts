import type { Db, Queryable } from '../../lib/db.ts';
import { Secret } from '../../lib/secret.ts';
import type { MonitorConfig } from './config.ts';
import { compileMonitor } from './config-monitor.ts';

/** What a job says of one of its runs. */
export interface CheckIn {
  /** Of the run, 32 hex digits. */
  id: string;
  project: string;
  slug: string;
  status: 'in_progress' | 'ok' | 'error';
  /** Milliseconds since the epoch. */
  at: number;
  environment: string | null;
  /** `monitor_config` of the Sentry protocol, as it was sent. */
  monitor: Readonly<Record<string, unknown>> | null;
}

type JobKeys = { [Key in 'schedule' | 'every' | 'time_zone' | 'grace' | 'max_runtime']?: string | undefined };

interface JobRow {
  id: string;
  project: string;
  slug: string;
  environment: string | null;
  config: JobKeys;
}

/** A job that never said when it runs is not missed; a run that fails or lasts too long is. */
const NO_SCHEDULE: JobKeys = { every: '366d' };

const UNITS: Readonly<Record<string, number>> = {
  minute: 1,
  hour: 60,
  day: 1_440,
  week: 10_080,
  month: 43_200,
  year: 525_600,
};

/** The monitors that jobs made themselves. One of the configuration with the same id wins. */
export class CheckInMonitors {
  readonly #db: Db;
  readonly #rows = new Map<string, JobRow>();

  constructor(db: Db) {
    this.#db = db;
  }

  async load(): Promise<void> {
    const rows = await this.#db.query<JobRow>('SELECT id, project, slug, environment, config FROM check_in_monitors');
    for (const row of rows) this.#rows.set(row.id, row);
  }

  /** The monitors of the configuration and those of jobs. */
  join(configured: readonly MonitorConfig[]): MonitorConfig[] {
    const ids = new Set(configured.map(({ id }) => id));
    const own = [...this.#rows.values()].filter(({ id }) => !ids.has(id)).map(toMonitor);
    return [...configured, ...own];
  }

  /**
   * Finds the monitor of a job, and makes or changes it as the check-in says.
   * @returns its id, and whether the list of monitors is another now
   */
  async note(checkIn: CheckIn, configured: readonly MonitorConfig[]): Promise<{ id: string; changed: boolean }> {
    const { slug, project } = checkIn;
    if (configured.some((monitor) => isOf(monitor, checkIn))) return { id: slug, changed: false };
    const known = [...this.#rows.values()].find((row) => row.slug === slug && row.project === project);
    const taken = this.#rows.has(slug) || configured.some(({ id }) => id === slug);
    const id = known?.id ?? (taken ? `${slug}-${project}` : slug);
    const said = checkIn.monitor === null ? undefined : keysOf(checkIn.monitor);
    const config = said ?? known?.config ?? {};
    const row = { id, project, slug, environment: checkIn.environment ?? known?.environment ?? null, config };
    if (known && JSON.stringify(known) === JSON.stringify(row)) return { id, changed: false };
    await store(this.#db, row, checkIn.at);
    this.#rows.set(id, row);
    return { id, changed: true };
  }
}

/** Whether a monitor of the configuration is that of a job; one that names a project is no other project's. */
function isOf({ id, kind, project }: MonitorConfig, checkIn: CheckIn): boolean {
  return id === checkIn.slug && kind === 'heartbeat' && (project === null || project === checkIn.project);
}

function store(db: Queryable, { id, project, slug, environment, config }: JobRow, at: number): Promise<unknown> {
  return db.query(
    `INSERT INTO check_in_monitors (id, project, slug, environment, config, seen_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (project, slug) DO UPDATE
     SET environment = excluded.environment, config = excluded.config, seen_at = excluded.seen_at`,
    [id, project, slug, environment, config, new Date(at)],
  );
}

function keysOf(monitor: Readonly<Record<string, unknown>>): JobKeys {
  const schedule = monitor['schedule'] as { type?: unknown; value?: unknown; unit?: unknown } | undefined;
  const minutes = (value: unknown) => (typeof value === 'number' && value > 0 ? `${Math.round(value)}m` : undefined);
  const every = Number(schedule?.value) * (UNITS[String(schedule?.unit)] ?? Number.NaN);
  const zone = monitor['timezone'];
  const [grace, maxRuntime] = [minutes(monitor['checkin_margin']), minutes(monitor['max_runtime'])];
  return {
    ...(schedule?.type === 'crontab' && typeof schedule.value === 'string' ? { schedule: schedule.value } : {}),
    ...(schedule?.type === 'interval' && every > 0 ? { every: `${every}m` } : {}),
    ...(typeof zone === 'string' && zone !== '' ? { time_zone: zone } : {}),
    ...(grace === undefined ? {} : { grace }),
    ...(maxRuntime === undefined ? {} : { max_runtime: maxRuntime }),
  };
}

/** A schedule that cannot be read is none: the job is shown, and its failures count. */
function toMonitor(row: JobRow): MonitorConfig {
  const { schedule, every, time_zone: zone, ...rest } = row.config;
  const timing = schedule !== undefined ? { schedule, ...(zone === undefined ? {} : { time_zone: zone }) } : { every };
  return compile(row, { ...rest, ...timing }) ?? (compile(row, NO_SCHEDULE) as MonitorConfig);
}

function compile({ id, project, environment }: JobRow, keys: JobKeys): MonitorConfig | undefined {
  let refused = false;
  const context = {
    targets: {},
    secret: (text: string) => ({ secret: new Secret(text), broken: null }),
    file: () => '',
    receivers: () => ({ notifications: [], escalation: null }),
  };
  const raw = {
    kind: 'heartbeat' as const,
    name: id,
    project,
    ...(environment === null ? {} : { environment }),
    ...keys,
  };
  const monitor = compileMonitor(raw, context, () => {
    refused = true;
  });
  return refused ? undefined : monitor;
}
