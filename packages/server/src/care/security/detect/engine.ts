import { networkOf } from '../address.ts';
import { type Hit, NO_KEYS } from '../detection.ts';
import type { SecurityEvent } from '../event.ts';
import { Account } from './account.ts';
import { Generations } from './generations.ts';
import {
  type Attempt,
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
  travelled,
} from './judge.ts';
import { CAPACITY, LIMITS, type SlowGuessing } from './limits.ts';
import { ProjectTraffic } from './project.ts';
import { Recent, RecentMembers } from './recent.ts';
import { Source } from './source.ts';

const HOUR = 3_600_000;

/** How much the engine remembers, and how much it had to forget. */
export interface EngineStats {
  pairs: number;
  accounts: number;
  sources: number;
  /** Entries that had to go because there were too many. */
  forgotten: number;
}

/**
 * Finds attacks in a stream of events. Pure: time is that of the events, the same events give the same hits, and what it holds
 * is bounded however many addresses there are.
 */
export class DetectionEngine {
  readonly #slowGuessing: () => SlowGuessing;
  readonly #pairs = new Generations<Recent>(CAPACITY.pairs);
  readonly #accounts = new Generations<Account>(CAPACITY.accounts);
  readonly #sources = new Generations<Source>(CAPACITY.sources);
  readonly #scanners = new Generations<RecentMembers<{ at: number }>>(CAPACITY.scanners);
  readonly #projects = new Generations<ProjectTraffic>(CAPACITY.projects);

  constructor(slowGuessing: () => SlowGuessing) {
    this.#slowGuessing = slowGuessing;
  }

  get #slow(): SlowGuessing {
    return this.#slowGuessing();
  }

  stats(): EngineStats {
    const tables = [this.#pairs, this.#accounts, this.#sources, this.#scanners, this.#projects];
    return {
      pairs: this.#pairs.size,
      accounts: this.#accounts.size,
      sources: this.#sources.size,
      forgotten: tables.reduce((sum, table) => sum + table.forgotten, 0),
    };
  }

  /** Takes an event. @returns the attacks that it is part of */
  take(event: SecurityEvent): Hit[] {
    if (event.kind === 'probe') return this.#probe(event);
    const traffic = this.#projects.take(event.project, () => new ProjectTraffic());
    traffic.attempt(event.kind === 'failure', event.at);
    const { ip, account } = event;
    if (ip === null || account === null) return this.#ratio(event, traffic);
    const attempt: Attempt = { ...event, ip, account };
    const hits = event.kind === 'failure' ? this.#failure(attempt, traffic) : this.#success(attempt, traffic);
    return [...hits, ...this.#ratio(event, traffic)];
  }

  /** Forgets what was counted against a pair, an address or a network, after somebody lifted its block. */
  pardon(project: string, value: string): void {
    const key = `${project}|${value}`;
    this.#pairs.delete(key);
    this.#sources.delete(key);
    this.#scanners.delete(key);
  }

  #pairOf(key: string): Recent {
    return this.#pairs.take(key, () => new Recent(Math.max(LIMITS.pair.failures, this.#slow.failures)));
  }

  #accountOf({ project, account }: Attempt): Account {
    return this.#accounts.take(`${project}|${account}`, () => new Account(this.#slow.failures));
  }

  #sourceOf(project: string, value: string): Source {
    return this.#sources.take(`${project}|${value}`, () => new Source(value.includes('/')));
  }

  #failure(event: Attempt, traffic: ProjectTraffic): Hit[] {
    const { project, ip, account: name, at, unknownUser } = event;
    const network = networkOf(ip);
    const account = this.#accountOf(event);
    const address = this.#sourceOf(project, ip);
    const wider = this.#sourceOf(project, network);
    account.fail(ip, at);
    address.fail(name, ip, at, unknownUser);
    wider.fail(name, ip, at, unknownUser);
    traffic.fail(ip, name, at);
    const hits = [
      this.#guessing(event, ip),
      // Whoever holds an IPv6 network has a new address for every attempt.
      ip.includes(':') ? this.#guessing(event, network, wider.addresses > 1) : null,
      guessedAccount(event, account, this.#slow),
      sprayed(event, address),
      sprayedFromNetwork(event, wider, network),
      enumerated(event, address),
      hammered(event, address),
      stuffed(event, traffic),
    ].filter((hit) => hit !== null);
    if (hits.some(({ keys }) => keys.ip === ip && keys.account === null)) address.attackedAt = at;
    return hits;
  }

  /** @param tell false = it is counted, and what it tells the count of the one address tells already */
  #guessing(event: Attempt, value: string, tell = true): Hit | null {
    const { project, account, at } = event;
    const pair = this.#pairOf(`${project}|${value}|${account}`);
    pair.add(at);
    const fast = pair.within(LIMITS.pair.span, at);
    const slow = pair.within(this.#slow.within, at);
    const quick = fast >= LIMITS.pair.failures;
    if (!tell || (!quick && slow < this.#slow.failures)) return null;
    const failures = quick ? fast : slow;
    const span = quick ? LIMITS.pair.span : this.#slow.within;
    const whole = value.includes('/');
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
    const address = this.#sourceOf(project, ip);
    const takeover = this.#takeover(event, account, address, traffic);
    const isNewDevice = account.enter(ip, event.device);
    this.#pairs.delete(`${project}|${ip}|${name}`);
    address.enter(name, at);
    this.#sourceOf(project, networkOf(ip)).enter(name, at);
    traffic.enter(ip, at);
    return [takeover, travelled(event, account), isNewDevice ? newDevice(event) : null].filter((hit) => hit !== null);
  }

  /** A success that guessing led to: after the pair's failures, in the middle of an attack on the account, or by an attacker. */
  #takeover(event: Attempt, account: Account, address: Source, traffic: ProjectTraffic): Hit | null {
    const { project, ip, account: name, at } = event;
    const pair = this.#pairs.get(`${project}|${ip}|${name}`);
    const tried = pair?.within(LIMITS.takeover.span, at) ?? 0;
    const known = account.knows(ip);
    const besieged =
      !known &&
      account.addressesOfDay(at) >= LIMITS.takeover.addresses &&
      account.slowFailures(LIMITS.takeover.span, at) >= LIMITS.takeover.failures;
    const byAttacker = !known && !address.shared && at - address.attackedAt < HOUR && !address.hasEntered(name);
    const stuffed = !known && at - traffic.stuffedAt < HOUR && traffic.onlyFails(ip);
    const why =
      tried >= LIMITS.pair.failures
        ? `after ${tried} failures from the same address`
        : besieged
          ? `while ${account.addressesOfDay(at)} addresses guessed at the account`
          : byAttacker || stuffed
            ? 'from an address that tries many accounts'
            : null;
    if (why === null) return null;
    return hit('account_takeover', event, {
      keys: { ip, network: null, account: name },
      evidence: { summary: `A sign-in succeeded ${why}.`, failures: tried, sampleAddresses: account.sampleAddresses() },
      restriction: { action: 'challenge', kind: 'account', value: name },
    });
  }

  #probe(event: SecurityEvent): Hit[] {
    const { project, ip, path, at } = event;
    if (ip === null || path === null) return [];
    const { paths: threshold, span } = LIMITS.scanning;
    const scanner = this.#scanners.take(`${project}|${ip}`, () => new RecentMembers(span, 4 * threshold));
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
