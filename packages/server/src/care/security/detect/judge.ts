import { type DetectionCode, type Evidence, type Hit, NO_KEYS, type Restriction } from '../detection.ts';
import type { SecurityEvent } from '../event.ts';
import { type Account, kilometresBetween } from './account.ts';
import { LIMITS, type SlowGuessing } from './limits.ts';
import type { Pair } from './pair.ts';
import type { ProjectTraffic } from './project.ts';
import type { Source } from './source.ts';

const HOUR = 3_600_000;

/** A failure or success of a known address on a known account. */
export type Attempt = SecurityEvent & { ip: string; account: string };

interface HitParts {
  keys: Hit['keys'];
  count?: number;
  evidence: Evidence;
  restriction: Restriction | null;
}

/** A hit of an event; one event counts as one unless the attack is new. */
export function hit(code: DetectionCode, { project, at }: SecurityEvent, parts: HitParts): Hit {
  return { code, project, at, count: 1, ...parts };
}

/** An address behind which several people sign in is asked for more; it is never shut out as a whole. */
export function against(source: Source | undefined, kind: 'ip' | 'network', value: string): Restriction {
  return source?.shared ? { action: 'challenge', kind, value } : { action: 'block', kind, value };
}

/** Many addresses guess at one account, or few do it slowly. The account is never locked: its owner would be, too. */
export function guessedAccount(event: Attempt, account: Account, slow: SlowGuessing): Hit | null {
  const { at, account: name } = event;
  const { addresses: threshold, span } = LIMITS.account;
  const addresses = account.addressesNow(at);
  const failures = account.slowFailures(slow.within, at);
  const spread = addresses >= threshold;
  if (!spread && !(failures >= slow.failures && account.addressesOfDay(at) > 1)) return null;
  const summary = spread
    ? `${addresses} addresses failed to sign in to one account within ${spanText(span)}.`
    : `${failures} failed sign-ins on one account within ${spanText(slow.within)}, from ${account.addressesOfDay(at)} addresses.`;
  return hit('brute_force', event, {
    keys: { ...NO_KEYS, account: name },
    count: failures,
    evidence: {
      ...{ summary, failures, addresses, sampleAddresses: account.sampleAddresses() },
      threshold: spread ? threshold : slow.failures,
      windowSeconds: (spread ? span : slow.within) / 1_000,
    },
    restriction: { action: 'challenge', kind: 'account', value: name },
  });
}

/** One address tries many accounts and enters none of them. */
export function sprayed(event: Attempt, source: Source): Hit | null {
  const { ip } = event;
  const { accounts: least, ofEntered, span } = LIMITS.spraying;
  const threshold = Math.max(least, Math.ceil(ofEntered * source.entered));
  if (event.unknownUser || source.failedOnly < threshold) return null;
  return hit('password_spraying', event, {
    keys: { ...NO_KEYS, ip },
    count: source.failedOnly,
    evidence: {
      summary: `${ip} failed on ${source.failedOnly} accounts within ${spanText(span)} and entered none of them.`,
      ...{ accounts: source.failedOnly, failures: source.failures, succeeded: source.entered, threshold },
      ...{ windowSeconds: span / 1_000, sampleAccounts: source.sampleAccounts() },
    },
    restriction: against(source, 'ip', ip),
  });
}

/** The same of several addresses of one network. */
export function sprayedFromNetwork(event: Attempt, source: Source, network: string): Hit | null {
  const { accounts: least, addresses, ofEntered } = LIMITS.sprayingNetwork;
  const { span } = LIMITS.spraying;
  const threshold = Math.max(least, Math.ceil(ofEntered * source.entered));
  if (source.failedOnly < threshold || source.addresses < addresses) return null;
  return hit('password_spraying', event, {
    keys: { ...NO_KEYS, network },
    count: source.failedOnly,
    evidence: {
      summary: `${source.addresses} addresses of ${network} failed on ${source.failedOnly} accounts within ${spanText(span)}.`,
      ...{ accounts: source.failedOnly, failures: source.failures, addresses: source.addresses, threshold },
      ...{ succeeded: source.entered, windowSeconds: span / 1_000 },
      ...{ sampleAccounts: source.sampleAccounts(), sampleAddresses: source.sampleAddresses() },
    },
    restriction: against(source, 'network', network),
  });
}

/** One address asks for accounts that do not exist. */
export function enumerated(event: Attempt, source: Source): Hit | null {
  const { ip } = event;
  const { accounts: least, ofEntered } = LIMITS.enumeration;
  const { span } = LIMITS.spraying;
  const threshold = Math.max(least, Math.ceil(ofEntered * source.entered));
  if (!event.unknownUser || source.unknown < threshold) return null;
  return hit('user_enumeration', event, {
    keys: { ...NO_KEYS, ip },
    count: source.unknown,
    evidence: {
      summary: `${ip} asked for ${source.unknown} accounts that do not exist within ${spanText(span)}.`,
      ...{ accounts: source.unknown, threshold, windowSeconds: span / 1_000 },
    },
    restriction: against(source, 'ip', ip),
  });
}

/** One address fails often on a few accounts, staying below the limit on each. */
export function hammered(event: Attempt, source: Source): Hit | null {
  const { ip } = event;
  const { failures: threshold, span } = LIMITS.address;
  const accounts = source.failedOnly + source.unknown;
  // More accounts are spraying or enumeration.
  const isFew = accounts >= 2 && accounts < LIMITS.spraying.accounts;
  if (source.failures < threshold || !isFew || source.failures < 3 * source.entered) return null;
  return hit('brute_force', event, {
    keys: { ...NO_KEYS, ip },
    count: source.failures,
    evidence: {
      summary: `${source.failures} failed sign-ins from ${ip} on ${accounts} accounts within ${spanText(span)}.`,
      ...{ failures: source.failures, accounts, threshold, windowSeconds: span / 1_000 },
    },
    restriction: against(source, 'ip', ip),
  });
}

/**
 * Many addresses, each with a few attempts, fail on many accounts. Whether the address of the event is one of them is the caller's to
 * ask: when this is judged again, that address alone says nothing of the others.
 */
export function stuffed(event: Attempt, traffic: ProjectTraffic): Hit | null {
  const { addresses: least, accounts, span, ofEntered } = LIMITS.stuffing;
  const threshold = Math.max(least, Math.ceil(ofEntered * traffic.entering));
  if (traffic.failing < threshold || traffic.accounts < Math.max(accounts, 0.3 * traffic.failing)) return null;
  return hit('credential_stuffing', event, {
    keys: NO_KEYS,
    count: traffic.failing,
    evidence: {
      summary: `${traffic.failing} addresses failed on ${traffic.accounts} accounts within ${spanText(span)} and entered none.`,
      ...{ addresses: traffic.failing, accounts: traffic.accounts, succeeded: traffic.entering, threshold },
      ...{ windowSeconds: span / 1_000, sampleAddresses: traffic.sampleAddresses() },
    },
    restriction: { action: 'challenge', kind: 'everyone', value: '*' },
  });
}

/** In the words of a takeover's evidence. */
export const afterFailures = (failures: number) => `after ${failures} failures from the same address`;

/** A success that guessing led to. @param why follows "A sign-in succeeded" */
export function takenOver(event: Attempt, why: string, failures: number, sampleAddresses: readonly string[]): Hit {
  const { ip, account } = event;
  return hit('account_takeover', event, {
    keys: { ip, network: null, account },
    evidence: { summary: `A sign-in succeeded ${why}.`, failures, sampleAddresses },
    restriction: { action: 'challenge', kind: 'account', value: account },
  });
}

/** Failures that became known after the success which they led to. */
export function triedThenEntered(event: Attempt, pair: Pair): Hit | null {
  const tried = pair.triedBeforeEntering;
  if (tried < LIMITS.pair.failures) return null;
  return takenOver({ ...event, at: pair.enteredAt }, afterFailures(tried), tried, [event.ip]);
}

/** An account is entered at two places between which nobody can have travelled. */
export function travelled(event: Attempt, account: Account): Hit | null {
  const { place, at, ip, account: name } = event;
  if (place === null) return null;
  const before = account.move(place, ip, at);
  if (before === null) return null;
  const kilometres = Math.round(kilometresBetween(before.place, place));
  const hours = Math.max(Math.abs(at - before.at) / HOUR, 1 / 60);
  const { kilometres: least, kilometresPerHour } = LIMITS.travel;
  if (kilometres < least || kilometres / hours < kilometresPerHour) return null;
  const [from, to] = [before.place, place].map(({ country, lat, lon }) => country ?? `${lat}, ${lon}`) as [
    string,
    string,
  ];
  return hit('impossible_travel', event, {
    keys: { ip, network: null, account: name },
    evidence: {
      summary: `One account signed in ${kilometres} km apart within ${spanText(hours * HOUR)}.`,
      ...{ from, to, kilometres, hours: Math.round(hours * 100) / 100 },
    },
    restriction: { action: 'challenge', kind: 'account', value: name },
  });
}

/** An account is entered with a device that it does not know. */
export function newDevice(event: Attempt): Hit {
  const { ip, account } = event;
  return hit('new_device', event, {
    keys: { ip, network: null, account },
    evidence: { summary: 'An account was entered with a device that it had not been entered with before.' },
    restriction: null,
  });
}

/** A span of milliseconds in words. */
export function spanText(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 120) return minutes === 60 ? 'an hour' : `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
  return `${Math.round(minutes / 60)} hours`;
}
