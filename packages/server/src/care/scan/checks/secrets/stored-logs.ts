import type { TelemetryStore } from '../../../../lib/telemetry.ts';
import { isSecretName, REDACTED, scrubTree } from '../../../../observe/ingest/index.ts';
import { found } from '../../check.ts';
import type { Found } from '../../finding.ts';
import { knownToken } from './known-tokens.ts';

const WEEK_MS = 7 * 86_400_000;

interface Row {
  id: string;
  /** Ms since the epoch. */
  at: number;
  service: string | null;
  message: string;
  attributes: Record<string, string>;
}

export interface LogSearch {
  findings: Found[];
  /** Records of the last week, and how many of them were looked at. */
  records: number;
  sampled: number;
}

/**
 * Looks for secrets in a sample of the stored log records of the last week, spread evenly over them by their ids.
 * @param sample how many records at most
 * @param now ms since the epoch
 */
export async function searchLogs(
  telemetry: Pick<TelemetryStore, 'query'>,
  sample: number,
  now: number,
  signal: AbortSignal,
): Promise<LogSearch> {
  const since = now - WEEK_MS;
  const [count] = await telemetry.query<{ n: number }>(
    'SELECT count() AS n FROM application_logs WHERE timestamp >= fromUnixTimestamp64Milli({since:Int64})',
    { since },
    { signal },
  );
  const records = Number(count?.n ?? 0);
  const every = Math.max(1, Math.ceil(records / sample));
  const rows = await telemetry.query<Row>(
    `SELECT id, toUnixTimestamp64Milli(timestamp) AS at, service, message, attributes FROM application_logs
     WHERE timestamp >= fromUnixTimestamp64Milli({since:Int64}) AND cityHash64(id) % {every:UInt64} = 0
     LIMIT {sample:UInt64}`,
    { since, every, sample },
    { signal, maxSeconds: 120 },
  );
  return { findings: judgeRows(rows), records, sampled: rows.length };
}

/** One finding for each service, field and kind of secret; the newest record stands for all. */
export function judgeRows(rows: readonly Row[]): Found[] {
  const places = new Map<string, { service: string; field: string; kind: string; newest: Row; count: number }>();
  for (const row of rows) {
    for (const { field, kind } of secretsIn(row)) {
      const service = row.service ?? 'no service';
      const key = JSON.stringify([service, field, kind]);
      const known = places.get(key);
      const newest = known !== undefined && known.newest.at >= row.at ? known.newest : row;
      places.set(key, { service, field, kind, newest, count: (known?.count ?? 0) + 1 });
    }
  }
  return [...places.values()].map(({ service, field, kind, newest, count }) =>
    found({
      ...{
        code: 'secret_in_logs',
        subject: 'stored logs',
        object: `${service}: ${kind} in ${field}`,
        severity: 'high',
      },
      message: `Log records of ${service} hold secrets: ${kind} in ${field}.`,
      evidence: `${count} of ${rows.length} sampled records; the newest is ${newest.id} of ${new Date(newest.at).toISOString()}.`,
      fix: 'Stop logging it there, change the secret at its issuer, and shorten retention.logs until the records are gone.',
    }),
  );
}

function secretsIn({ message, attributes }: Row): { field: string; kind: string }[] {
  const ofMessage = kindOf(message);
  const ofAttributes = Object.entries(attributes).flatMap(([field, value]) => {
    const named = isSecretName(field) && value !== '' && value !== REDACTED ? `value of ${field}` : null;
    const kind = named ?? kindOf(value);
    return kind === null ? [] : [{ field: `attribute ${field}`, kind }];
  });
  return ofMessage === null ? ofAttributes : [{ field: 'message', kind: ofMessage }, ...ofAttributes];
}

function kindOf(text: string): string | null {
  const known = knownToken(text);
  if (known !== null) return known;
  return scrubTree(text) === text ? null : 'credentials';
}
