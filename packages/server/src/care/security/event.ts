import { plainAddress } from './address.ts';

/** Where somebody was, as the sender of an event knows it. Degrees. */
export interface Place {
  country: string | null;
  lat: number;
  lon: number;
}

/** What detectors look at. Times in milliseconds since the epoch, of the event itself. */
export interface SecurityEvent {
  /** Of its row; the same wherever it is read. */
  id: string;
  at: number;
  project: string;
  kind: 'failure' | 'success' | 'probe';
  ip: string | null;
  /** Hashed. */
  account: string | null;
  unknownUser: boolean;
  place: Place | null;
  /** What tells a person's devices apart; null = not known. */
  device: string | null;
  /** What was asked for, of a probe. */
  path: string | null;
}

/** A log row as ingest writes it. */
export type EventRow = Readonly<Record<string, unknown>> & { attributes?: Readonly<Record<string, string>> };

/** Of the platform's own records. */
const OWN_PROJECT = 'yumops';
/** Answers that a scanner collects. */
const REFUSALS = new Set([401, 403, 404]);
/** `authn_login_fail_max` sums up what was told of one by one. */
const FAILED = /^authn_login_fail(?!_max)/;
const FAILURES = new Set(['failed_authentication', 'login_failed']);
const SUCCESSES = new Set(['successful_authentication', 'login_succeeded']);

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

function kindOf(row: EventRow): SecurityEvent['kind'] | null {
  const event = textOf(row['event']) ?? '';
  const owasp = row.attributes?.['owasp'] ?? '';
  if (FAILURES.has(event) || FAILED.test(event) || FAILED.test(owasp)) return 'failure';
  if (SUCCESSES.has(event) || event.startsWith('authn_login_success') || owasp.startsWith('authn_login_success')) {
    return 'success';
  }
  return REFUSALS.has(Number(row['statusCode'])) && textOf(row['method']) !== null ? 'probe' : null;
}

function placeOf(attributes: Readonly<Record<string, string>>): Place | null {
  const lat = Number.parseFloat(attributes['geo.lat'] ?? '');
  const lon = Number.parseFloat(attributes['geo.lon'] ?? '');
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) return null;
  return { country: attributes['geo.country'] ?? null, lat, lon };
}

/** A browser without its version, which changes every few weeks. */
function deviceOf(attributes: Readonly<Record<string, string>>): string | null {
  const named = attributes['device'];
  if (named !== undefined && named !== '') return named.slice(0, 64);
  const agent = attributes['userAgent'];
  return agent === undefined || agent === '' ? null : agent.replace(/[\d._]+/g, '').slice(0, 200);
}

/** What a log row says to the detectors; null when they have no use for it. */
export function readEvent(row: EventRow): SecurityEvent | null {
  const kind = kindOf(row);
  if (kind === null || row['project'] === OWN_PROJECT) return null;
  const attributes = row.attributes ?? {};
  // Refused without a look at the password: it must not prolong what it was refused for.
  if (kind === 'failure' && attributes['reason'] === 'blocked') return null;
  const time = row['timestamp'];
  const at = typeof time === 'number' ? time : Date.parse(String(time).replace(/^([\d-]+) ([\d:.]+)$/, '$1T$2Z'));
  if (!Number.isFinite(at)) return null;
  const path =
    Number(row['statusCode']) === 404
      ? (attributes['path'] ?? row['endpoint'])
      : (row['endpoint'] ?? attributes['path']);
  return {
    id: String(row['id']),
    at,
    project: textOf(row['project']) ?? '1',
    kind,
    ip: plainAddress(textOf(row['ip']) ?? attributes['clientIp'] ?? textOf(row['clientIp'])),
    account: attributes['account'] ?? attributes['email'] ?? textOf(row['userId']),
    unknownUser: attributes['reason'] === 'unknown_user',
    place: placeOf(attributes),
    device: deviceOf(attributes),
    path: textOf(path),
  };
}
