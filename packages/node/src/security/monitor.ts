import { randomUUID } from 'node:crypto';
import { logger as defaultLogger } from '../logging/default-logger.ts';
import type { Logger, SecuritySeverity } from '../logging/logger.ts';
import type { CheckDefinition } from '../monitoring/health-check.ts';
import { pipeline, warnOnStderr } from '../runtime/pipeline.ts';
import { currentScope } from '../runtime/scope.ts';
import { shared } from '../runtime/shared.ts';
import { networkOf, networkTest, plainAddress } from './address.ts';
import { OWASP, type OwaspEvent } from './event-names.ts';
import { givenText } from './given.ts';
import { openRedis } from './open-redis.ts';
import type { Detection, LoginAttempt, LoginRequest, LoginVerdict, SecurityOptions, StoreHealth } from './options.ts';
import { PlatformList } from './platform-list.ts';
import { accountHash, inputFacts } from './pseudonym.ts';
import { later, type Restriction } from './restriction.ts';
import { SharedCounters } from './shared-counters.ts';

const HOUR = 3_600_000;
const FAILURES = 5;
/** Accounts that one address fails on and never enters; with many who sign in there it takes more. */
const SPRAYED = 10;
/** People who sign in at an address from which it is taken to be shared, and is not shut out as a whole. */
const SHARED = 3;
/** Addresses that fail on one account before the account is challenged. */
const BESIEGED = 10;
const ANONYMOUS_KEY = 'yumops';

type Wanted = Pick<Restriction, 'action' | 'kind' | 'value'>;

/**
 * Tells YumOps of sign-ins and other security events, counts failures, and says who is shut out. Works in this process alone,
 * shares counters through Redis where it is given, and follows the block list of YumOps where `YUMOPS_URL` is set. Accounts and
 * inputs leave the process as hashes only. No method throws or rejects.
 *
 * The static methods are those of one monitor for the process, which `SecurityMonitor.configure` sets up.
 */
export class SecurityMonitor {
  readonly #options: SecurityOptions;
  readonly #counters: SharedCounters;
  readonly #platform: PlatformList | undefined;
  readonly #listeners = new Set<(detection: Detection) => void>();
  readonly #closeRedis: () => void;

  constructor(options: SecurityOptions = {}) {
    this.#options = options;
    const { settings } = pipeline();
    const redis = openRedis(options.redis, `yumops:${settings.service}`, options.redisTimeout ?? 250);
    this.#closeRedis = redis.close;
    this.#counters = new SharedCounters({
      shared: redis.counters,
      retryAfter: options.redisRetryAfter ?? 1_000,
      now: () => this.#now(),
      changed: (health) => this.#storeChanged(health),
    });
    const { url, key, building } = settings;
    if (options.follow !== false && url !== undefined && URL.canParse(url) && !building) {
      this.#platform = new PlatformList({
        ...{ url, key, now: () => this.#now(), backoff: 1_000 },
        added: (restriction) => this.#reported(restriction),
        lifted: ({ value }) => void this.unblock(value),
      });
      this.#platform.start();
    }
  }

  /** The monitor of this process. */
  static shared(): SecurityMonitor {
    return state().monitor();
  }

  /** Sets the monitor of this process up. Call it before the first use, for example at the top of `instrumentation.ts`. */
  static configure(options: SecurityOptions): void {
    if (!state().configure(options)) {
      warnOnStderr('SecurityMonitor.configure was called after the first use: nothing was changed');
    }
  }

  static trackFailedAuthentication(ip: string, account: string, reason: string): void {
    SecurityMonitor.shared().trackFailedAuthentication(ip, account, reason);
  }
  static trackSuspiciousActivity(userId: string, activity: string, context?: object): void {
    SecurityMonitor.shared().trackSuspiciousActivity(userId, activity, context);
  }
  static trackUnauthorizedAccess(ip: string, resource: string, method: string): void {
    SecurityMonitor.shared().trackUnauthorizedAccess(ip, resource, method);
  }
  static trackInputValidationFailure(ip: string, input: string, endpoint: string): void {
    SecurityMonitor.shared().trackInputValidationFailure(ip, input, endpoint);
  }
  static event(name: OwaspEvent, severity: SecuritySeverity, context?: object): void {
    SecurityMonitor.shared().event(name, severity, context);
  }
  static trackLogin(attempt: LoginAttempt): Promise<void> {
    return SecurityMonitor.shared().trackLogin(attempt);
  }
  static guardLogin(request: LoginRequest): Promise<LoginVerdict> {
    return SecurityMonitor.shared().guardLogin(request);
  }
  static isBlocked(ip: string, account?: string): Promise<boolean> {
    return SecurityMonitor.shared().isBlocked(ip, account);
  }
  static onDetection(listener: (detection: Detection) => void): () => void {
    return SecurityMonitor.shared().onDetection(listener);
  }
  static unblock(value: string): Promise<void> {
    return SecurityMonitor.shared().unblock(value);
  }

  /** A sign-in that failed: an event, and a count towards brute force. */
  trackFailedAuthentication(ip: string, account: string, reason: string): void {
    void this.trackLogin({ ok: false, ip, account, reason });
  }

  /** Something that a person did and that does not look right. */
  trackSuspiciousActivity(userId: string, activity: string, context?: object): void {
    this.#tell('suspicious_activity', 'high', { userId, activity, context });
  }

  /** A refused access. One is no alarm; many from one address are found by YumOps. */
  trackUnauthorizedAccess(ip: string, resource: string, method: string): void {
    this.#tell('unauthorized_access', 'medium', { ip: plainAddress(ip), resource, method });
  }

  /** Input that was refused. Told are its hash, length and kind, never the input. */
  trackInputValidationFailure(ip: string, input: string, endpoint: string): void {
    this.#tell('input_validation_failure', 'medium', {
      ip: plainAddress(ip),
      endpoint,
      ...inputFacts(this.#key, input),
    });
  }

  /** Any event by its OWASP name. */
  event(name: OwaspEvent, severity: SecuritySeverity, context?: object): void {
    this.#logger.securityEvent(name, severity, { ...context, owasp: name });
  }

  /**
   * Tells of a sign-in, good or bad, and counts it. Resolves when it is counted, so that the next `guardLogin` knows of it.
   */
  async trackLogin(attempt: LoginAttempt): Promise<void> {
    const { ok, reason, userId, ua, geo } = attempt ?? {};
    const ip = this.#addressOf(attempt?.ip);
    const account = accountHash(this.#key, attempt?.account);
    const device = attempt?.device === undefined ? undefined : accountHash(this.#key, attempt.device);
    const userAgent = ua === undefined ? undefined : givenText(ua).slice(0, 256);
    const facts = { ip, account, reason, userId, userAgent, device, geo };
    this.#tell(ok ? 'successful_authentication' : 'failed_authentication', ok ? 'low' : 'medium', facts);
    if (ip === undefined) return;
    await (ok ? this.#succeeded(ip, account) : this.#failed(ip, account));
  }

  /** Says whether somebody may try to sign in now. Ask before the password is looked at. */
  async guardLogin(request: LoginRequest): Promise<LoginVerdict> {
    const ip = this.#addressOf(request?.ip);
    const account = request?.account === undefined ? undefined : accountHash(this.#key, request.account);
    if (ip !== undefined && this.#isAllowed(ip)) return OPEN;
    const block = await this.#inForce('block', ip, account);
    if (block !== undefined) {
      this.#tell('failed_authentication', 'medium', { ip, account, reason: 'blocked' });
      return refusalOf(block, this.#now());
    }
    const challenge = request?.trustedDevice === true ? undefined : await this.#inForce('challenge', ip, account);
    const failures = ip === undefined || account === undefined ? 0 : await this.#failuresOf(ip, account);
    return {
      allow: true,
      delayMs: failures < 3 ? (challenge === undefined ? 0 : 1_000) : 500 * 2 ** (failures - 3),
      challenge: challenge !== undefined,
      reason: challenge?.why,
      retryAfterMs: 0,
    };
  }

  /** Whether an address, or its pair with an account, is shut out. */
  async isBlocked(ip: string, account?: string): Promise<boolean> {
    return (await this.blockOf(ip, account)) !== undefined;
  }

  /** The block in force on an address, or on its pair with an account. */
  async blockOf(ip: string, account?: string): Promise<Restriction | undefined> {
    const address = plainAddress(ip);
    if (this.#isAllowed(address)) return undefined;
    return this.#inForce('block', address, account === undefined ? undefined : accountHash(this.#key, account));
  }

  /** Calls `listener` for every new attack. @returns ends it */
  onDetection(listener: (detection: Detection) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lifts what this application decided about an address, a pair `address|account hash` or an account, and forgets its counts. */
  async unblock(given: string): Promise<void> {
    const value = givenText(given);
    const kinds: Wanted[] = (['ip', 'network', 'pair', 'account'] as const).flatMap((kind) => [
      { action: 'block', kind, value },
      { action: 'challenge', kind, value },
    ]);
    await this.#counters.lift(kinds, [`fail:${value}`, `tried:${value}`, `siege:${value}`]);
  }

  /** How the counters are kept, for a health check: `monitor.addCheck('security', () => security.healthOf())`. */
  health(): { store: StoreHealth; blockList: 'none' | 'followed' | 'stale'; reason: string | undefined } {
    const store = this.#counters.health();
    const trouble = this.#platform?.trouble;
    return {
      store,
      blockList: this.#platform === undefined ? 'none' : trouble === undefined ? 'followed' : 'stale',
      reason: store.reason ?? trouble,
    };
  }

  /** A check for the `HealthMonitor`: degraded while a store is away and this process counts alone. */
  healthCheck(): CheckDefinition {
    return {
      name: 'security',
      run: () => {
        const { store, blockList, reason } = this.health();
        const status = store.shared === 'down' || blockList === 'stale' ? 'degraded' : 'healthy';
        return {
          status,
          details: { counters: store.shared, waiting: store.waiting, lost: store.lost, blockList, reason },
        };
      },
    };
  }

  /** Ends connections. Counting goes on in this process. */
  close(): void {
    this.#platform?.close();
    this.#counters.close();
    this.#closeRedis();
  }

  get #logger(): Logger {
    return this.#options.logger ?? defaultLogger;
  }

  get #key(): string {
    return pipeline().settings.hashKey ?? ANONYMOUS_KEY;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #addressOf(ip: string | undefined): string | undefined {
    const known = ip ?? currentScope()?.fields.ip;
    const address = plainAddress(known);
    return address === '' ? undefined : address;
  }

  #isAllowed(ip: string): boolean {
    const allow = [...(this.#options.allow ?? []), ...(this.#platform?.allow ?? [])];
    return allow.length > 0 && networkTest(allow)(ip);
  }

  #tell(event: keyof typeof OWASP, severity: SecuritySeverity, facts: Record<string, unknown>): void {
    this.#logger.securityEvent(event, severity, { ...facts, owasp: OWASP[event] });
  }

  async #failuresOf(ip: string, account: string): Promise<number> {
    const [failures = 0] = await this.#counters.sizes([{ key: `fail:${ip}|${account}`, at: this.#now(), span: HOUR }]);
    return failures;
  }

  async #failed(ip: string, account: string): Promise<void> {
    const at = this.#now();
    const counted = (key: string, member: string) => ({ key, member, at, span: HOUR });
    const [failures = 0, tried = 0, besiegers = 0] = await this.#counters.count([
      counted(`fail:${ip}|${account}`, randomUUID()),
      counted(`tried:${ip}`, account),
      counted(`siege:${account}`, ip),
    ]);
    const [entered = 0] = await this.#counters.sizes([{ key: `entered:${ip}`, at, span: HOUR }]);
    const threshold = this.#options.failures ?? FAILURES;
    if (failures >= threshold) {
      const why = `${failures} failed sign-ins from ${ip} on one account within an hour.`;
      await this.#detected(
        'brute_force',
        failures,
        { ip, account },
        this.#restriction('block', 'pair', `${ip}|${account}`, why),
      );
    }
    if (tried >= Math.max(SPRAYED, Math.ceil(entered / 2))) {
      const why = `${ip} failed on ${tried} accounts within an hour and entered none of them.`;
      const action = entered >= SHARED ? 'challenge' : 'block';
      await this.#detected(
        'password_spraying',
        tried,
        { ip, account: undefined },
        this.#restriction(action, 'ip', ip, why),
      );
    }
    if (besiegers >= BESIEGED) {
      const why = `${besiegers} addresses failed to sign in to one account within an hour.`;
      await this.#detected(
        'brute_force',
        besiegers,
        { ip: undefined, account },
        this.#restriction('challenge', 'account', account, why),
      );
    }
  }

  async #succeeded(ip: string, account: string): Promise<void> {
    const entered = { key: `entered:${ip}`, member: account, at: this.#now(), span: HOUR };
    await this.#counters.count([entered], [{ key: `tried:${ip}`, member: account }]);
    await this.#counters.lift([], [`fail:${ip}|${account}`]);
  }

  #restriction(action: Restriction['action'], kind: Restriction['kind'], value: string, why: string): Restriction {
    return { action, kind, value, why, until: this.#now() + (this.#options.blockFor ?? HOUR) };
  }

  async #detected(
    code: 'brute_force' | 'password_spraying',
    count: number,
    { ip, account }: { ip: string | undefined; account: string | undefined },
    restriction: Restriction,
  ): Promise<void> {
    const [known] = await this.#counters.find([restriction]);
    const isShut = ip !== undefined && this.#isAllowed(ip);
    if (!isShut) await this.#counters.restrict([restriction]);
    if (known !== undefined) return;
    this.#tell('brute_force_detected', 'high', {
      ip,
      account,
      attempts: count,
      detection: code,
      action: restriction.action,
    });
    this.#emit({ code, source: 'app', ip, account, count, restriction });
  }

  #reported(restriction: Restriction): void {
    const [first, account] = restriction.value.split('|');
    const ip = restriction.kind === 'ip' || restriction.kind === 'pair' ? first : undefined;
    this.#emit({
      code: 'reported',
      source: 'yumops',
      ip,
      account: restriction.kind === 'account' ? first : account,
      count: 0,
      restriction,
    });
  }

  #emit(detection: Detection): void {
    for (const listener of this.#listeners) {
      try {
        listener(detection);
      } catch (error) {
        this.#logger.error('A listener of SecurityMonitor.onDetection threw', error);
      }
    }
  }

  /** The restriction that ends last among those that concern an address or its pair with an account. */
  async #inForce(
    action: Restriction['action'],
    ip: string | undefined,
    account: string | undefined,
  ): Promise<Restriction | undefined> {
    const wanted = wantedOf(action, ip, account);
    const own = await this.#counters.find(wanted);
    const listed = wanted.map((one) => this.#platform?.find(one));
    const wide =
      ip === undefined
        ? []
        : (this.#platform?.networks() ?? []).filter((one) => one.action === action && networkTest([one.value])(ip));
    return [...own, ...listed, ...wide].reduce(later, undefined);
  }

  #storeChanged({ shared: store, reason, waiting }: StoreHealth): void {
    if (store === 'down') {
      this.#logger.warn('The counters of sign-ins cannot be shared; this process counts alone', { reason });
      this.event('sys_monitor_disabled', 'high', { monitor: 'shared counters of sign-ins', reason });
    } else {
      this.#logger.info('The counters of sign-ins are shared again', { waiting });
      this.event('sys_monitor_enabled', 'low', { monitor: 'shared counters of sign-ins' });
    }
  }
}

const OPEN: LoginVerdict = { allow: true, delayMs: 0, challenge: false, reason: undefined, retryAfterMs: 0 };

function refusalOf(block: Restriction, now: number): LoginVerdict {
  return {
    allow: false,
    delayMs: 0,
    challenge: false,
    reason: block.why,
    retryAfterMs: Math.max(0, block.until - now),
  };
}

function wantedOf(action: Restriction['action'], ip: string | undefined, account: string | undefined): Wanted[] {
  const wanted: Wanted[] = [];
  if (ip !== undefined)
    wanted.push({ action, kind: 'ip', value: ip }, { action, kind: 'network', value: networkOf(ip) });
  if (action === 'challenge') {
    wanted.push({ action, kind: 'everyone', value: '*' });
    if (account !== undefined) wanted.push({ action, kind: 'account', value: account });
  } else if (ip !== undefined && account !== undefined) {
    wanted.push(
      { action, kind: 'pair', value: `${ip}|${account}` },
      { action, kind: 'pair', value: `${networkOf(ip)}|${account}` },
    );
  }
  return wanted;
}

/** One monitor for the process, whichever copy of this package asks. */
function state() {
  return shared('security', () => {
    let options: SecurityOptions = {};
    let monitor: SecurityMonitor | undefined;
    return {
      configure(given: SecurityOptions): boolean {
        if (monitor !== undefined) return false;
        options = given;
        return true;
      },
      monitor: () => {
        monitor ??= new SecurityMonitor(options);
        return monitor;
      },
    };
  });
}
