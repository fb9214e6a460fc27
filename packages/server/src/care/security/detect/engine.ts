import { networkOf } from '../address.ts';
import { type Hit, NO_KEYS } from '../detection.ts';
import type { SecurityEvent } from '../event.ts';
import { Account } from './account.ts';
import { AttackSpan } from './attack-span.ts';
import { Generations } from './generations.ts';
import type { Held, Withdrawal } from './held.ts';
import {
  type Attempt,
  afterFailures,
  against,
  enumerated,
  guessedAccount,
  hammered,
  hit,
  newDevice,
  spanText,
  sprayed,
  sprayedFromNetwork,
  stuffed,
  takenOver,
  travelled,
  triedThenEntered,
} from './judge.ts';
import { CAPACITY, LIMITS, MOST_REMEMBERED, type SlowGuessing } from './limits.ts';
import { Pair } from './pair.ts';
import { ProjectTraffic } from './project.ts';
import { RecentMembers } from './recent.ts';
import { Source } from './source.ts';

/** Where what comes too late for a count is counted by itself. */
const pastOf = (key: string) => `${key}|past`;

const remembered = ({ remembered: members }: { remembered: number }) => members;

/** Judges, and holds what is found against whom it is about. */
function hold(held: Held, judge: () => Hit | null): Hit | null {
  const found = judge();
  if (found !== null) held.add(found, judge);
  return found;
}

/** How much the engine remembers, and how much it had to forget. */
export interface EngineStats {
  pairs: number;
  accounts: number;
  sources: number;
  /** Accounts and addresses that these remember of each other. */
  remembered: number;
  /** Entries that had to go because there were too many. */
  forgotten: number;
}

/**
 * Finds attacks in a stream of events. Pure: time is that of the events, the same events give the same hits, and what it holds
 * is bounded however many addresses there are.
 */
export class DetectionEngine {
  readonly #slowGuessing: () => SlowGuessing;
  readonly #pairs = new Generations<Pair>(CAPACITY.pairs);
  readonly #accounts = new Generations<Account>(CAPACITY.accounts, MOST_REMEMBERED, remembered);
  readonly #sources = new Generations<Source>(CAPACITY.sources, MOST_REMEMBERED, remembered);
  readonly #scanners = new Generations<RecentMembers<{ at: number }>>(CAPACITY.scanners);
  readonly #projects = new Generations<ProjectTraffic>(CAPACITY.projects, MOST_REMEMBERED, remembered);

  #withdrawn: Withdrawal[] = [];

  constructor(slowGuessing: () => SlowGuessing) {
    this.#slowGuessing = slowGuessing;
  }

  get #slow(): SlowGuessing {
    return this.#slowGuessing();
  }

  stats(): EngineStats {
    const tables = [this.#pairs, this.#accounts, this.#sources, this.#scanners, this.#projects];
    const sum = (of: (table: { weight: number; forgotten: number }) => number) =>
      tables.reduce((total, table) => total + of(table), 0);
    return {
      pairs: this.#pairs.size,
      accounts: this.#accounts.size,
      sources: this.#sources.size,
      remembered: sum(({ weight }) => weight),
      forgotten: sum(({ forgotten }) => forgotten),
    };
  }

  /** Takes an event. @returns the attacks that it is part of */
  take(event: SecurityEvent): Hit[] {
    if (event.kind === 'probe') return this.#probe(event);
    const live = this.#projects.take(event.project, () => new ProjectTraffic());
    live.attempt(event.kind === 'failure', event.at);
    const { ip, account } = event;
    if (ip === null || account === null) return this.#ratio(event, live);
    const traffic = live.isPast(event.at)
      ? this.#projects.take(pastOf(event.project), () => new ProjectTraffic())
      : live;
    const attempt: Attempt = { ...event, ip, account };
    const hits = event.kind === 'failure' ? this.#failure(attempt, traffic) : this.#success(attempt, traffic);
    return [...hits, ...this.#ratio(event, live)];
  }

  /** What does not stand of the attacks that were found, by what has become known since this was asked last. */
  withdrawn(): readonly Withdrawal[] {
    const withdrawn = this.#withdrawn;
    if (withdrawn.length > 0) this.#withdrawn = [];
    return withdrawn;
  }

  /** Forgets what was counted against a pair, an address or a network, after somebody lifted its block. */
  pardon(project: string, value: string): void {
    const key = `${project}|${value}`;
    this.#pairs.delete(key);
    for (const table of [this.#sources, this.#scanners]) {
      table.delete(key);
      table.delete(pastOf(key));
    }
  }

  #pairOf({ project, account }: Attempt, value: string, address: Source): Pair {
    const most = Math.max(LIMITS.pair.failures, this.#slow.failures);
    return this.#pairs.take(`${project}|${value}|${account}`, () => new Pair(most, address.enteredAt(account)));
  }

  #accountOf({ project, account }: Attempt): Account {
    return this.#accounts.take(`${project}|${account}`, () => new Account(this.#slow.failures));
  }

  /** What comes later than the span that is counted, after an outage for example, is counted by itself. */
  #sourceOf(project: string, value: string, at: number): Source {
    const key = `${project}|${value}`;
    const make = () => new Source(value.includes('/'));
    const live = this.#sources.take(key, make);
    return live.isPast(at) ? this.#sources.take(pastOf(key), make) : live;
  }

  #failure(event: Attempt, traffic: ProjectTraffic): Hit[] {
    const { project, ip, account: name, at, unknownUser } = event;
    const network = networkOf(ip);
    const account = this.#accountOf(event);
    const address = this.#sourceOf(project, ip, at);
    const wider = this.#sourceOf(project, network, at);
    account.fail(ip, at);
    address.fail(name, ip, at, unknownUser);
    wider.fail(name, ip, at, unknownUser);
    traffic.fail(ip, name, at);
    const alone = [
      this.#guessing(event, ip, address),
      // Whoever holds an IPv6 network has a new address for every attempt.
      ip.includes(':') ? this.#guessing(event, network, wider, wider.addresses > 1) : null,
      guessedAccount(event, account, this.#slow),
    ];
    const hits = [
      ...alone,
      hold(address.held, () => sprayed(event, address)),
      hold(wider.held, () => sprayedFromNetwork(event, wider, network)),
      hold(address.held, () => enumerated(event, address)),
      hold(address.held, () => hammered(event, address)),
      traffic.onlyFails(ip) ? hold(traffic.held, () => stuffed(event, traffic)) : null,
    ].filter((hit) => hit !== null);
    if (hits.some(({ keys }) => keys.ip === ip && keys.account === null)) address.attack.add(at);
    if (hits.some(({ code }) => code === 'credential_stuffing')) traffic.stuffing.add(at);
    return hits;
  }

  /** @param tell false = it is counted, and what it tells the count of the one address tells already */
  #guessing(event: Attempt, value: string, source: Source, tell = true): Hit | null {
    const { account, at } = event;
    const pair = this.#pairOf(event, value, source);
    pair.fail(at);
    const whole = value.includes('/');
    // It went before a success that is known already.
    if (at <= pair.enteredAt) return whole ? null : triedThenEntered(event, pair);
    const fast = pair.within(LIMITS.pair.span, at);
    const slow = pair.within(this.#slow.within, at);
    const quick = fast >= LIMITS.pair.failures;
    if (!tell || (!quick && slow < this.#slow.failures)) return null;
    const failures = quick ? fast : slow;
    const span = quick ? LIMITS.pair.span : this.#slow.within;
    return hit('brute_force', event, {
      keys: { ip: whole ? null : value, network: whole ? value : null, account },
      count: failures,
      evidence: {
        summary: `${failures} failed sign-ins from ${value} on one account within ${spanText(span)}.`,
        ...{ failures, threshold: quick ? LIMITS.pair.failures : this.#slow.failures, windowSeconds: span / 1_000 },
      },
      restriction: { action: 'block', kind: 'pair', value: `${value}|${account}` },
    });
  }

  #success(event: Attempt, traffic: ProjectTraffic): Hit[] {
    const { project, ip, account: name, at } = event;
    const account = this.#accountOf(event);
    const address = this.#sourceOf(project, ip, at);
    const wider = this.#sourceOf(project, networkOf(ip), at);
    const takeover = this.#takeover(event, account, address, traffic);
    const isNewDevice = account.enter(ip, event.device);
    address.enter(name, at);
    wider.enter(name, at);
    traffic.enter(ip, at);
    const instead = this.#judgeAgain(at, address, wider, traffic);
    const own = [takeover, travelled(event, account), isNewDevice ? newDevice(event) : null];
    return [...own.filter((hit) => hit !== null), ...instead];
  }

  #judgeAgain(at: number, address: Source, wider: Source, traffic: ProjectTraffic): Hit[] {
    const verdicts = [address, wider, traffic].map((one) => one.held.judge(at, one.latestAt));
    this.#withdrawn.push(...verdicts.flatMap(({ withdrawn }) => withdrawn));
    const [ofAddress, , ofTraffic] = verdicts;
    if (ofAddress?.withdrawn.length && address.held.size === 0) address.attack = new AttackSpan();
    if (ofTraffic?.withdrawn.length) traffic.stuffing = new AttackSpan();
    return verdicts.flatMap(({ instead }) => instead);
  }

  /** A success that guessing led to: after the pair's failures, in the middle of an attack on the account, or by an attacker. */
  #takeover(event: Attempt, account: Account, address: Source, traffic: ProjectTraffic): Hit | null {
    const { project, ip, account: name, at } = event;
    const pair = this.#pairs.get(`${project}|${ip}|${name}`);
    const isLate = pair !== undefined && at <= pair.enteredAt;
    pair?.enter(at);
    this.#pairs.get(`${project}|${networkOf(ip)}|${name}`)?.enter(at);
    const tried = isLate ? 0 : (pair?.triedBeforeEntering ?? 0);
    const known = account.knows(ip);
    const besieged =
      !known &&
      account.addressesOfDay(at) >= LIMITS.takeover.addresses &&
      account.slowFailures(LIMITS.takeover.span, at) >= LIMITS.takeover.failures;
    const byAttacker = !known && !address.shared && address.attack.holds(at) && !address.hasEntered(name);
    const stuffed = !known && traffic.stuffing.holds(at) && traffic.onlyFails(ip);
    const why =
      tried >= LIMITS.pair.failures
        ? afterFailures(tried)
        : besieged
          ? `while ${account.addressesOfDay(at)} addresses guessed at the account`
          : byAttacker || stuffed
            ? 'from an address that tries many accounts'
            : null;
    return why === null ? null : takenOver(event, why, tried, account.sampleAddresses());
  }

  #probe(event: SecurityEvent): Hit[] {
    const { project, ip, path, at } = event;
    if (ip === null || path === null) return [];
    const { paths: threshold, span } = LIMITS.scanning;
    const scanner = this.#scannerOf(`${project}|${ip}`, at);
    scanner.touch(path, at, () => ({ at }));
    const paths = scanner.size;
    if (paths < threshold) return [];
    const source = this.#sources.get(`${project}|${ip}`);
    return [
      hit('path_scanning', event, {
        keys: { ip, network: null, account: null },
        count: paths,
        evidence: {
          summary: `${ip} was refused ${paths} different paths within ${spanText(span)}.`,
          ...{ threshold, windowSeconds: span / 1_000, paths: scanner.newest() },
        },
        restriction: against(source, 'ip', ip),
      }),
    ];
  }

  #scannerOf(key: string, at: number): RecentMembers<{ at: number }> {
    const make = () => new RecentMembers<{ at: number }>(LIMITS.scanning.span, 4 * LIMITS.scanning.paths);
    const live = this.#scanners.take(key, make);
    return live.isPast(at) ? this.#scanners.take(pastOf(key), make) : live;
  }

  #ratio(event: SecurityEvent, traffic: ProjectTraffic): Hit[] {
    if (event.kind !== 'failure') return [];
    const jump = traffic.ratioJump(event.at);
    if (jump === null) return [];
    const { ratio, usual, attempts, failures } = jump;
    const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
    return [
      hit('failure_ratio', event, {
        keys: NO_KEYS,
        count: failures,
        evidence: {
          summary: `${percent(ratio)} of ${attempts} sign-ins failed within ${spanText(LIMITS.ratio.bucket)}; usual is ${percent(usual)}.`,
          ...{ failures, ratio, usualRatio: usual, windowSeconds: LIMITS.ratio.bucket / 1_000 },
        },
        restriction: null,
      }),
    ];
  }
}
