import type { Db, Queryable } from '../../lib/db.ts';

/** An instance of the platform as it last told of itself. Times in ms since the epoch, by the clock of the database. */
export interface InstanceRow<Condition = unknown> {
  instance: string;
  roles: readonly string[];
  version: string;
  /** Where it listens, as it knows it. */
  url: string;
  /** One for each of its secret keys. */
  keyMarks: readonly string[];
  startedAt: number;
  seenAt: number;
  problems: readonly string[];
  conditions: readonly Condition[];
  pipeline: Pipeline;
}

/** How far the rows of an instance are from the store. */
export interface Pipeline {
  spoolBytes: number;
  lagSeconds: number;
  rejected: number;
  dropped: number;
}

/** All instances on record, in the order of their names. */
export interface Roll<Condition> {
  now: number;
  rows: InstanceRow<Condition>[];
  /** Whether this instance has the duty. */
  hasDuty: boolean;
}

/** Rows of instances that nobody heard for so long are forgotten. */
const FORGET = "interval '1 day'";

/** Notes that an instance lives, takes or renews the duty where it wants it, and reads who else is there. */
export function exchange<Condition>(
  db: Db,
  own: Omit<InstanceRow<Condition>, 'startedAt' | 'seenAt'> & { startedAt: Date },
  duty: { name: string; leaseMs: number } | null,
): Promise<Roll<Condition>> {
  return db.transaction(async (tx) => {
    await tx.query(
      `INSERT INTO instances (instance, roles, version, url, key_marks, started_at, seen_at, problems, conditions,
         pipeline)
       VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7, $8, $9)
       ON CONFLICT (instance) DO UPDATE SET roles = excluded.roles, version = excluded.version, url = excluded.url,
         key_marks = excluded.key_marks, started_at = excluded.started_at, seen_at = excluded.seen_at,
         problems = excluded.problems, conditions = excluded.conditions, pipeline = excluded.pipeline`,
      [
        ...[own.instance, own.roles, own.version, own.url, own.keyMarks, own.startedAt],
        ...[JSON.stringify(own.problems), JSON.stringify(own.conditions), JSON.stringify(own.pipeline)],
      ],
    );
    const hasDuty = duty !== null && (await takeDuty(tx, own.instance, duty));
    await tx.query(`DELETE FROM instances WHERE seen_at < clock_timestamp() - ${FORGET}`);
    return { ...(await readInstances<Condition>(tx)), hasDuty };
  });
}

/** Who has the duty; undefined when nobody does. */
export async function dutyHolder(db: Queryable, duty: string): Promise<string | undefined> {
  const [row] = await db.query<{ holder: string }>(
    'SELECT holder FROM instance_duties WHERE duty = $1 AND lease_until > clock_timestamp()',
    [duty],
  );
  return row?.holder;
}

/** Everybody on record, and the clock of the database. */
export async function readInstances<Condition>(db: Queryable): Promise<Omit<Roll<Condition>, 'hasDuty'>> {
  const found = await db.query<InstanceRow<Condition> & { now: number }>(
    `SELECT instance, roles, version, url, key_marks AS "keyMarks", problems, conditions, pipeline,
       (extract(epoch FROM started_at) * 1000)::float8 AS "startedAt",
       (extract(epoch FROM seen_at) * 1000)::float8 AS "seenAt",
       (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
     FROM instances ORDER BY instance`,
  );
  return { now: found[0]?.now ?? 0, rows: found.map(({ now: _, ...row }) => row) };
}

async function takeDuty(tx: Queryable, instance: string, duty: { name: string; leaseMs: number }): Promise<boolean> {
  const taken = await tx.query(
    `INSERT INTO instance_duties (duty, holder, lease_until)
     VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
     ON CONFLICT (duty) DO UPDATE SET holder = excluded.holder, lease_until = excluded.lease_until
       WHERE instance_duties.holder = excluded.holder OR instance_duties.lease_until < clock_timestamp()
     RETURNING holder`,
    [duty.name, instance, duty.leaseMs / 1_000],
  );
  return taken.length > 0;
}

/** Strikes an instance off, with its duties: it ends in order. */
export async function strike(db: Db, instance: string): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query('DELETE FROM instances WHERE instance = $1', [instance]);
    await tx.query('DELETE FROM instance_duties WHERE holder = $1', [instance]);
  });
}
