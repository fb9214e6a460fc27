import type { TelemetryStore } from '../../lib/telemetry.ts';

/** A partition that was dropped. */
export interface ExpiredPartition {
  table: string;
  /** `YYYY-MM-DD` in UTC. */
  day: string;
  retentionClass: string;
}

const DAY = 86_400_000;

/**
 * Drops every partition whose whole day is older than its retention class may be kept. Classes that `keep` does not
 * name are kept.
 * @param keep milliseconds by retention class
 * @param now milliseconds since the epoch
 */
export async function expirePartitions(
  telemetry: Pick<TelemetryStore, 'query' | 'command'>,
  keep: Readonly<Record<string, number>>,
  now: number,
): Promise<ExpiredPartition[]> {
  const partitions = await telemetry.query<{ table: string; partition: string }>(
    `SELECT DISTINCT table, partition FROM system.parts
     WHERE database = currentDatabase() AND active AND partition LIKE '(\\'%' ORDER BY table, partition`,
  );
  const expired: ExpiredPartition[] = [];
  for (const { table, partition } of partitions) {
    const key = /^\('(\d{4}-\d\d-\d\d)','([a-z_]+)'\)$/.exec(partition);
    if (!key) continue;
    const [day, retentionClass] = [key[1] as string, key[2] as string];
    const limit = Object.hasOwn(keep, retentionClass) ? keep[retentionClass] : undefined;
    if (limit === undefined || Date.parse(day) + DAY > now - limit) continue;
    await telemetry.command(`ALTER TABLE ${quoteName(table)} DROP PARTITION ${partition}`);
    expired.push({ table, day, retentionClass });
  }
  return expired;
}

function quoteName(name: string): string {
  return `\`${name.replace(/[\\`]/g, '\\$&')}\``;
}
