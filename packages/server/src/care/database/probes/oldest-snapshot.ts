/**
 * Who holds up vacuum: the session, prepared transaction, slot or standby that needs the oldest rows, and how many
 * transactions it is back. One row, or none when nobody needs old rows.
 */
export const OLDEST_SNAPSHOT = `
  SELECT holder, age(xmin) AS age FROM (
    SELECT 'pid ' || pid AS holder, backend_xmin AS xmin FROM pg_stat_activity
    WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND backend_type <> 'walsender'
    UNION ALL
    SELECT 'prepared transaction ' || gid, transaction FROM pg_prepared_xacts
    UNION ALL
    SELECT 'slot ' || slot_name, x FROM pg_replication_slots CROSS JOIN LATERAL (VALUES (xmin), (catalog_xmin)) v (x)
    WHERE x IS NOT NULL
    UNION ALL
    SELECT 'standby ' || coalesce(nullif(application_name, ''), pid::text), backend_xmin FROM pg_stat_replication
    WHERE backend_xmin IS NOT NULL
  ) held ORDER BY age(xmin) DESC LIMIT 1`;

/** Transactions that a holder must be back to be worth a word. */
const NOTED = 10_000;

/** A sentence about the holder; empty when it is of no account. */
export function holdsUp(holder: string | null, age: number | null): string {
  return holder === null || age === null || age < NOTED
    ? ''
    : ` ${holder[0]?.toUpperCase()}${holder.slice(1)} holds vacuum up: it needs rows ${age.toLocaleString('en')} transactions back.`;
}
