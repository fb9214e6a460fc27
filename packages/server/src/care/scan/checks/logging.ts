import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { found, plural, type ScanCheck } from '../check.ts';
import type { Found, ScanSeverity } from '../finding.ts';

const DAY = 86_400_000;
/** Retention that investigations of a break-in need, ms. */
const SECURITY_KEPT_MS = 90 * DAY;
/** Clocks of a service and of this platform may differ so much, seconds. */
const SKEW_S = 300;
/** Records of a service before its clock is judged. */
const LEAST_RECORDS = 20;

/** What an application has to tell of, by OWASP's names and ours. The chapter is V16 of ASVS 5. */
const EXPECTED: readonly {
  kind: string;
  /** Of the event, or of its OWASP name. */
  pattern: string;
  severity: ScanSeverity;
  what: string;
  call: string;
}[] = [
  {
    ...{ kind: 'sign-ins that succeed', severity: 'medium', what: 'V16.3.1 asks for each with its metadata' },
    pattern: '^(authn_login_success|successful_authentication$|login_succeeded$)',
    call: 'Call `SecurityMonitor.trackLogin` after a sign-in.',
  },
  {
    ...{ kind: 'sign-ins that fail', severity: 'medium', what: 'V16.3.1 asks for each' },
    pattern: '^(authn_login_fail|failed_authentication$|login_failed$)',
    call: 'Call `SecurityMonitor.trackLogin` (or `trackFailedAuthentication`) where a password is refused.',
  },
  {
    ...{ kind: 'access that is denied', severity: 'medium', what: 'V16.3.2 asks for each refused authorisation' },
    pattern: '^(authz_fail|unauthorized_access$|access_denied$)',
    call: 'Call `SecurityMonitor.trackUnauthorizedAccess` where a request is answered with 403.',
  },
  {
    ...{ kind: 'input that is refused', severity: 'low', what: 'V16.3.3 asks for attempts to get round controls' },
    pattern: '^(input_validation|validation_failure$|suspicious_activity)',
    call: 'Call `SecurityMonitor.trackInputValidationFailure` where input is refused.',
  },
  {
    ...{ kind: 'changes by administrators', severity: 'low', what: 'OWASP names them authz_admin' },
    pattern: '^(authz_admin|authz_change|privilege_permissions_changed|user_(created|updated|deleted)|admin_)',
    call: "Call `SecurityMonitor.event('authz_admin', …)` where an administrator changes something.",
  },
];

export interface LoggingOptions {
  telemetry: Pick<TelemetryStore, 'query'>;
  /** Follows the chain of the platform's own audit log. */
  verifyAudit(): Promise<{ entries: number; faults: readonly { code: string; message: string }[] }>;
  config(): { seenWithinMs: number; keptSecurityMs: number; keptLogsMs: number };
}

/** Whether what is needed after a break-in is logged at all: ASVS 5, chapter V16. */
export function loggingCheck({ telemetry, verifyAudit, config }: LoggingOptions): ScanCheck {
  return {
    name: 'logging',
    title: 'Security logging (ASVS V16)',
    kinds: ['monthly'],
    async run({ now, signal }) {
      const { seenWithinMs, keptSecurityMs, keptLogsMs } = config();
      const since = now - seenWithinMs;
      const [seen, clocks, chain] = [
        await readKinds(telemetry, since, signal),
        await readClocks(telemetry, now - DAY, signal),
        await verifyAudit(),
      ];
      return {
        findings: [
          ...judgeKinds(seen, seenWithinMs),
          ...clocks.flatMap(judgeClock),
          ...judgeChain(chain.faults),
          ...judgeRetention(keptSecurityMs, keptLogsMs),
        ],
        looked: `${plural(seen.all, 'event')} since ${new Date(since).toISOString().slice(0, 10)}, the clocks of ${plural(clocks.length, 'service')}, ${chain.entries} of the audit log's entries.`,
      };
    },
  };
}

/** How many events of each expected kind came, in the order of `EXPECTED`, and of all kinds. */
interface SeenKinds {
  all: number;
  kinds: number[];
  /** Of the oldest event that was looked at, ms since the epoch. */
  since: number;
}

async function readKinds(
  telemetry: Pick<TelemetryStore, 'query'>,
  since: number,
  signal: AbortSignal,
): Promise<SeenKinds> {
  const counts = EXPECTED.map(
    (_, index) =>
      `countIf(match(event, {p${index}:String}) OR match(ifNull(owasp, ''), {p${index}:String})) AS k${index}`,
  );
  const patterns = Object.fromEntries(EXPECTED.map(({ pattern }, index) => [`p${index}`, pattern]));
  const [row] = await telemetry.query<Record<string, number>>(
    `SELECT count() AS total, toUnixTimestamp64Milli(min(timestamp)) AS oldest, ${counts.join(', ')} FROM security_events
     WHERE timestamp >= fromUnixTimestamp64Milli({since:Int64})`,
    { since, ...patterns },
    { signal },
  );
  return {
    all: Number(row?.['total'] ?? 0),
    since: Number(row?.['oldest'] ?? since),
    kinds: EXPECTED.map((_, index) => Number(row?.[`k${index}`] ?? 0)),
  };
}

/** Kinds of events that never came. */
export function judgeKinds({ all, kinds, since }: SeenKinds, withinMs: number): Found[] {
  const subject = 'security events';
  const days = Math.round(withinMs / DAY);
  if (all === 0) {
    return [
      found({
        ...{ code: 'no_security_events', subject, severity: 'high' },
        message: `The application told of no security event within ${days} days: attacks on it leave no trace here.`,
        evidence: 'The relation security_events is empty for that time.',
        fix: 'Use `SecurityMonitor` of @yumops/node: see the chapter on security of the guide.',
      }),
    ];
  }
  return EXPECTED.flatMap(({ kind, severity, what, call }, index) =>
    (kinds[index] ?? 0) > 0
      ? []
      : [
          found({
            ...{ code: 'kind_never_seen', subject, object: kind, severity },
            message: `The application never told of ${kind}; ${what}.`,
            evidence: `None of ${plural(all, 'event')} since ${new Date(since).toISOString().slice(0, 10)}.`,
            fix: call,
          }),
        ],
  );
}

interface ServiceClock {
  service: string;
  records: number;
  /** Seconds by which records arrive after their own time; below 0 = their clock is ahead. */
  skew: number;
  /** Records whose own time was so far off that it was not believed. */
  unlikely: number;
}

function readClocks(
  telemetry: Pick<TelemetryStore, 'query'>,
  since: number,
  signal: AbortSignal,
): Promise<ServiceClock[]> {
  return telemetry.query<ServiceClock>(
    `SELECT service, count() AS records, quantile(0.5)(dateDiff('second', timestamp, receivedAt)) AS skew,
       countIf(mapContains(attributes, 'originalTimestamp')) AS unlikely
     FROM logs WHERE receivedAt >= fromUnixTimestamp64Milli({since:Int64}) AND project != 'yumops' AND service != ''
     GROUP BY service HAVING records >= ${LEAST_RECORDS} ORDER BY service LIMIT 1000`,
    { since },
    { signal },
  );
}

/** A clock that is wrong, or that runs in a local zone and says UTC. */
export function judgeClock({ service, records, skew, unlikely }: ServiceClock): Found[] {
  const isOff = Math.abs(skew) > SKEW_S;
  if (!isOff && unlikely * 100 < records) return [];
  const evidence = isOff
    ? `Half of ${records} records of the last day arrived more than ${Math.abs(Math.round(skew))} s ${skew > 0 ? 'after' : 'before'} the time that they bear.`
    : `${unlikely} of ${records} records of the last day bear a time that cannot be; it is kept as originalTimestamp.`;
  return [
    found({
      ...{ code: 'clock_off', subject: `service ${service}`, severity: 'medium', evidence },
      message: `The times that ${service} logs are wrong: what happened in which order cannot be told.`,
      fix: 'Set the clock by NTP, and write times as ISO 8601 with Z, or with their offset.',
    }),
  ];
}

function judgeChain(faults: readonly { code: string; message: string }[]): Found[] {
  return faults.map(({ code, message }) =>
    found({
      ...{
        code: 'audit_log_altered',
        subject: 'audit log',
        object: `${code}: ${message}`,
        severity: 'critical',
        message,
      },
      evidence: 'The hash chain of the audit log does not hold there.',
      fix: 'Find out who may write to the state store; `yumops audit --verify` names every entry. Compare with a backup.',
    }),
  );
}

/** Whether what is needed after a break-in is still there when it is found. */
export function judgeRetention(security: number, logs: number): Found[] {
  const days = (ms: number) => Math.round(ms / DAY);
  const findings: Found[] = [];
  if (security < SECURITY_KEPT_MS) {
    findings.push(
      found({
        ...{ code: 'retention_short', subject: 'retention', object: 'security', severity: 'medium' },
        message: `Security events are kept for ${days(security)} days; break-ins are often found after months.`,
        evidence: `retention.security is ${days(security)}d.`,
        fix: 'Raise retention.security to 400d, the default.',
      }),
    );
  }
  if (logs < 7 * DAY) {
    findings.push(
      found({
        ...{ code: 'retention_short', subject: 'retention', object: 'logs', severity: 'low' },
        message: `Logs are kept for ${days(logs)} days.`,
        evidence: `retention.logs is ${days(logs)}d.`,
        fix: 'Raise retention.logs to 30d, the default.',
      }),
    );
  }
  return findings;
}
