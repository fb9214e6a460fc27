import type { Db } from '../../../lib/db.ts';

/** Another instance that shares the monitors, as it is on record. */
export interface Member {
  instance: string;
  /** Whether monitors may fall to it. */
  checks: boolean;
  /** Whom it holds to be members: what falls to it among them it may be checking. */
  acting: readonly string[];
}

/** What an instance learns when it renews its lease. */
export interface Roll {
  /** The others whose leases run. */
  others: readonly Member[];
  /** Whether its own lease had ended, so that others may have taken its share. */
  lapsed: boolean;
}

/** Any number: all instances take the same lock, so that they look and write one after the other. */
const LOCK = 7_302_114;

/**
 * Renews an instance's lease, says by whom it goes, and reads the others, all by the database's clock and one instance at
 * a time. When its lease had ended and others are there, it goes by nobody from now on.
 */
export function renewLease(db: Db, own: Member, leaseMs: number): Promise<Roll> {
  const { instance, checks, acting } = own;
  return db.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const live = await tx.query<Member>(
      'SELECT instance, checks, acting FROM prober_members WHERE lease_until > clock_timestamp() ORDER BY instance',
    );
    const others = live.filter((member) => member.instance !== instance);
    const lapsed = others.length === live.length;
    await tx.query(
      `INSERT INTO prober_members (instance, lease_until, acting, checks)
       VALUES ($1, clock_timestamp() + make_interval(secs => $2), $3, $4)
       ON CONFLICT (instance) DO UPDATE
         SET lease_until = excluded.lease_until, acting = excluded.acting, checks = excluded.checks`,
      [instance, leaseMs / 1_000, lapsed && others.length > 0 ? [] : acting, checks],
    );
    await tx.query("DELETE FROM prober_members WHERE lease_until < clock_timestamp() - interval '1 day'");
    return { others, lapsed };
  });
}

/** Ends an instance's lease at once. */
export async function endLease(db: Db, instance: string): Promise<void> {
  await db.query('DELETE FROM prober_members WHERE instance = $1', [instance]);
}
