import { messageOf } from '../../lib/errors.ts';
import { Loop } from '../../lib/loop.ts';
import { randomHex } from '../../lib/random.ts';
import { networkTest } from './address.ts';
import { DetectionEngine, type EngineStats } from './detect/engine.ts';
import { Generations } from './detect/generations.ts';
import type { Withdrawal } from './detect/held.ts';
import { type Hit, identityOf, type Restriction, SEVERITY_OF } from './detection.ts';
import type { SecurityEvent } from './event.ts';
import { EventFeed } from './feed.ts';
import { type LocationSource, located } from './location.ts';
import type { SecurityOptions } from './ports.ts';
import { MOST_EVENTS, newest, readPast, readWaiting } from './read-past.ts';
import { restrictionKey, type StoredRestriction } from './restriction.ts';
import { RestrictionsInForce } from './restrictions.ts';
import {
  detectionId,
  expireRestrictions,
  knownDetections,
  type PendingDetection,
  readLifted,
  takeBack,
  writeDetections,
  writeRestriction,
} from './store.ts';
import { EventWords, type Pardon } from './words.ts';

/** What came within this time is written at once. */
const GATHER_MS = 100;
const RETRY_MS = 1_000;
const IDLE_MS = 60_000;
const MOST_PENDING = 10_000;
/** Events that wait to be told while nobody can be told. Who missed them asks when it hears again. */
const MOST_UNTOLD = 10_000;
/** An older event is history: it is detected, and nobody is shut out for it. */
const HISTORY_MS = 86_400_000;
/** A restriction is prolonged when it would end this share of its length later. */
const PROLONG_SHARE = 0.05;
/** What could not be learnt is asked for again after this time. */
const LEARN_AGAIN_MS = 30_000;

export interface SecurityStats extends EngineStats {
  /** Events that the detectors looked at since the start. */
  events: number;
  /** Bytes of rows that were left out because too many came at once. */
  skippedBytes: number;
  /** Attacks that were not stored because too many were found at once. */
  lostDetections: number;
  /** Whether any event told where it came from. */
  locationSeen: boolean;
  /** What places addresses. */
  location: LocationSource['state'];
}

/** Finds attacks in the events of this instance, and keeps what is found and what follows from it. */
export class SecurityWatch {
  readonly inForce: RestrictionsInForce;
  readonly feed: EventFeed;
  readonly #options: SecurityOptions;
  readonly #engine: DetectionEngine;
  readonly #loop: Loop;
  #pending = new Map<string, PendingDetection>();
  #restrictions = new Map<string, StoredRestriction>();
  #withdrawn = new Map<string, Withdrawal>();
  #untold: SecurityEvent[] = [];
  readonly #words: EventWords;
  readonly #learner: Loop;
  /** Ids of the events that were counted last: what is told twice counts once. */
  readonly #seen = new Generations<true>(MOST_EVENTS);
  /** Restrictions that were lifted, whose subjects were pardoned here. */
  readonly #lifted = new Set<string>();
  /** What others tell while the past is read; null when it is known. */
  #heard: SecurityEvent[] | null = null;
  /** Words of anybody may have been missed; otherwise only those of who did not answer are missing. */
  #missed = true;
  #silent: readonly string[] = [];
  #counts = { events: 0, lostDetections: 0 };
  #locationSeen = false;
  #learnt: () => void = () => undefined;
  #woken = false;

  constructor(options: SecurityOptions) {
    this.#options = options;
    this.#engine = new DetectionEngine(() => options.config().slowGuessing);
    const { db, signals, clock, log } = options;
    this.inForce = new RestrictionsInForce({ db, signals, clock, log });
    this.feed = new EventFeed(clock, (events) => this.take(events));
    this.#loop = new Loop(
      clock,
      async () => {
        await this.#flush();
        return IDLE_MS;
      },
      (error, failures) => {
        log.warn('detections could not be stored; they wait', { reason: messageOf(error), failures });
        return RETRY_MS;
      },
    );
    this.#words = new EventWords({
      ...{ signals, clock, log, instance: options.instance, others: options.others },
      waiting: () => readWaiting(options, clock.now() - HISTORY_MS),
      heard: (events) => this.#hear(events),
      pardoned: (pardon) => this.#forgive(pardon),
      missed: () => {
        this.#missed = true;
        this.#learner.wake();
      },
    });
    this.#learner = new Loop(
      clock,
      async () => {
        const whole = await this.#learn();
        this.#learnt();
        return whole ? HISTORY_MS : LEARN_AGAIN_MS;
      },
      (error) => {
        log.warn('the security events of the last day could not be learnt yet', { reason: messageOf(error) });
        this.#learnt();
        return LEARN_AGAIN_MS;
      },
    );
  }

  stats(): SecurityStats {
    return {
      ...this.#engine.stats(),
      ...this.#counts,
      skippedBytes: this.feed.skippedBytes,
      locationSeen: this.#locationSeen,
      location: this.#options.location.state,
    };
  }

  /** ISO 3166 code of the country of an address; null where it is not known. */
  countryOf(ip: string): string | null {
    return this.#options.location.countryOf(ip);
  }

  /** Learns what is known of the last day, and begins to work. */
  async start(): Promise<void> {
    await this.#options.location.start();
    await this.inForce.start();
    this.#words.start();
    const learnt = new Promise<void>((resolve) => {
      this.#learnt = resolve;
    });
    this.#learner.start();
    await learnt;
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#words.stop();
    await this.#learner.stop();
    this.inForce.stop();
    await this.#options.location.stop();
    await this.#loop.stop();
    await this.#flush().catch((error: unknown) => {
      this.#options.log.warn('the last detections could not be stored', { reason: messageOf(error) });
    });
  }

  /** Takes events of this instance. */
  take(events: readonly SecurityEvent[]): void {
    this.#counts.events += events.length;
    for (const told of events) {
      const event = located(told, this.#options.location);
      this.#locationSeen ||= event.place !== null;
      // What was learnt a moment ago from the same rows is counted and told already.
      if (!this.#isNew(event)) continue;
      const hits = this.#engine.take(event);
      for (const withdrawal of this.#engine.withdrawn()) this.#withdraw(withdrawal);
      for (const hit of hits) this.#note(hit);
      this.#untold.push(event);
    }
    this.#wakeSoon();
  }

  /**
   * Forgets, on every instance, what was counted against whomever a lifted restriction was about, so that it does not
   * come back by itself.
   */
  async pardon({ id, project, value }: Pick<StoredRestriction, 'id' | 'project' | 'value'>): Promise<void> {
    this.#forgive({ id, project, value });
    await this.#words.pardon({ id, project, value }).catch((error: unknown) => {
      this.#options.log.warn('other instances were not told of a pardon', { reason: messageOf(error) });
    });
  }

  #forgive({ id, project, value }: Pardon): void {
    if (this.#lifted.has(id)) return;
    this.#lifted.add(id);
    this.#engine.pardon(project, value);
  }

  /**
   * Whoever took these events finds the attacks that they complete. What an older version tells has no id, and could not be
   * told from what is read: it is learnt from the store, as that version says what it took to nobody who asks.
   */
  #hear(told: readonly (Omit<SecurityEvent, 'id'> & { id?: string })[]): void {
    const events = told.filter((event): event is SecurityEvent => event.id !== undefined);
    if (this.#heard !== null) {
      if (this.#heard.length < MOST_EVENTS) this.#heard.push(...events);
      return;
    }
    for (const event of events.filter((one) => this.#isNew(one))) {
      this.#engine.take(located(event, this.#options.location));
    }
    // Whoever took the success may not have known of the failures then.
    for (const withdrawal of this.#engine.withdrawn()) this.#withdraw(withdrawal);
    if (this.#withdrawn.size > 0) this.#wakeSoon();
  }

  /** Refused paths are told apart by themselves, and there may be very many. */
  #isNew({ id, kind }: SecurityEvent): boolean {
    if (kind === 'probe') return true;
    if (this.#seen.get(id)) return false;
    this.#seen.set(id, true);
    return true;
  }

  #note(hit: Hit): void {
    const identity = identityOf(hit);
    const known = this.#pending.get(identity);
    if (known === undefined && this.#pending.size >= MOST_PENDING) {
      this.#counts.lostDetections += 1;
      return;
    }
    this.#pending.set(identity, {
      hit,
      count: known === undefined ? hit.count : known.count + 1,
      more: (known?.more ?? 0) + 1,
      firstAt: Math.min(known?.firstAt ?? hit.at, hit.at),
      lastAt: Math.max(known?.lastAt ?? hit.at, hit.at),
    });
    this.#restrict(hit);
  }

  /** What was found and does not stand: it goes, whether it is stored already or not. */
  #withdraw(withdrawal: Withdrawal): void {
    const { hit, whole } = withdrawal;
    if (whole) this.#pending.delete(identityOf(hit));
    const key = restrictionOf(hit);
    if (key !== null) this.#restrictions.delete(key);
    addTo(this.#withdrawn, withdrawal);
  }

  #restrict(hit: Hit): void {
    const { restriction, project } = hit;
    const now = this.#options.clock.now();
    if (restriction === null || hit.at < now - HISTORY_MS || this.#isAllowed(restriction, hit)) return;
    const { blockForMs } = this.#options.config();
    const until = now + blockForMs;
    const wanted = { ...restriction, project };
    const known = this.inForce.find(wanted);
    if (known !== undefined && known.until > until - PROLONG_SHARE * blockForMs) return;
    this.#restrictions.set(restrictionKey(wanted), {
      ...wanted,
      ...{ until, id: randomHex(8), author: 'detection', createdAt: now },
      why: hit.evidence.summary,
      detectionId: detectionId(hit),
    });
  }

  #isAllowed(restriction: Restriction, { keys }: Hit): boolean {
    const { allow } = this.#options.config();
    if (allow.length === 0 || restriction.kind === 'account' || restriction.kind === 'everyone') return false;
    const address = keys.ip ?? keys.network?.split('/')[0];
    return address !== undefined && networkTest(allow)(address);
  }

  #wakeSoon(): void {
    if (this.#woken) return;
    this.#woken = true;
    this.#options.clock.after(GATHER_MS, () => {
      this.#woken = false;
      this.#loop.wake();
    });
  }

  async #flush(): Promise<void> {
    await this.#store();
    await this.#tell();
  }

  async #store(): Promise<void> {
    if (this.#pending.size === 0 && this.#restrictions.size === 0 && this.#withdrawn.size === 0) return;
    const [pending, restrictions, withdrawn] = [this.#pending, this.#restrictions, this.#withdrawn];
    this.#pending = new Map();
    this.#restrictions = new Map();
    this.#withdrawn = new Map();
    try {
      await this.#write([...pending.values()], [...restrictions.values()], [...withdrawn.values()]);
    } catch (error) {
      this.#keep(pending, restrictions, withdrawn);
      throw error;
    }
  }

  /** Keeps what could not be written for the next attempt. What was taken back meanwhile is not to be written any more. */
  #keep(
    pending: Map<string, PendingDetection>,
    restrictions: Map<string, StoredRestriction>,
    withdrawn: ReadonlyMap<string, Withdrawal>,
  ): void {
    for (const { hit, whole } of this.#withdrawn.values()) {
      if (whole) pending.delete(identityOf(hit));
      restrictions.delete(restrictionOf(hit) ?? '');
    }
    for (const earlier of withdrawn.values()) addTo(this.#withdrawn, earlier);
    for (const [identity, item] of pending) this.#pending.set(identity, joined(item, this.#pending.get(identity)));
    for (const [key, item] of restrictions) if (!this.#restrictions.has(key)) this.#restrictions.set(key, item);
  }

  async #write(
    pending: readonly PendingDetection[],
    restrictions: readonly StoredRestriction[],
    withdrawn: readonly Withdrawal[],
  ): Promise<void> {
    const { db, clock, audit } = this.#options;
    const now = clock.now();
    const fresh = await db.transaction(async (tx) => {
      for (const withdrawal of withdrawn) {
        for (const { id, action, kind, value } of await takeBack(tx, withdrawal, now)) {
          const detail = { kind, value, why: 'Sign-ins that had succeeded before became known.' };
          await audit(tx, { at: now, actor: 'detection', action: `security.un${action}`, target: id, detail });
        }
      }
      if (restrictions.length > 0) await expireRestrictions(tx, now);
      for (const restriction of restrictions) {
        const written = await writeRestriction(tx, restriction);
        if (!written.fresh) continue;
        const { action, kind, value, why, until } = restriction;
        const detail = { kind, value, why, until: new Date(until).toISOString() };
        await audit(tx, { at: now, actor: 'detection', action: `security.${action}`, target: written.id, detail });
      }
      return new Set(await writeDetections(tx, pending));
    });
    if (restrictions.length > 0 || withdrawn.length > 0) await this.inForce.changed();
    await this.#count(pending.filter(({ hit }) => fresh.has(detectionId(hit))));
  }

  /** Alert rules count new attacks: `security_detections{code=account_takeover} > 0`. */
  async #count(fresh: readonly PendingDetection[]): Promise<void> {
    const { writer, clock, service } = this.#options;
    const rows = fresh.map(({ hit: { code, project } }) => ({
      timestamp: clock.now(),
      ...{ project, service, name: 'security_detections', value: 1 },
      attributes: { code, severity: SEVERITY_OF[code] },
    }));
    await writer.append('metrics', rows);
  }

  /** Other instances learn of the events: what they count must be the same. */
  async #tell(): Promise<void> {
    const events = this.#untold;
    this.#untold = [];
    await this.#words.tell(events).catch((error: unknown) => {
      this.#untold = [...events, ...this.#untold].slice(-MOST_UNTOLD);
      throw error;
    });
  }

  /**
   * Learns what happened that this instance does not count yet: what it took before it was ended, what the others took,
   * whether stored or not, and who was pardoned.
   * @returns whether nothing is missing
   */
  async #learn(): Promise<boolean> {
    const { db, log, location, clock } = this.#options;
    this.#heard ??= [];
    const all = this.#missed;
    const silent = await this.#ask(all);
    if (silent.length > 0) log.warn('instances did not say what they took; they are asked again', { silent });
    const { waiting, stored, whole } = await readPast(this.#options);
    const lifted = await readLifted(db, clock.now() - HISTORY_MS);
    const events = newest([...stored, ...waiting, ...this.#heard]).filter((event) => this.#isNew(event));
    this.#heard = null;
    const live = new Set(this.#pending.keys());
    for (const event of events) {
      while (lifted[0] !== undefined && lifted[0].at < event.at) this.#forgive(lifted.shift() as Pardon);
      for (const hit of this.#engine.take(located(event, location))) this.#note(hit);
      // What was read is in order; what does not stand was taken back when it was found.
      this.#engine.withdrawn();
    }
    for (const pardon of lifted) this.#forgive(pardon);
    await this.#dropKnown(live);
    // The others may have missed it as this instance missed theirs.
    if (all) this.#untold.push(...waiting.slice(-MOST_UNTOLD));
    this.#wakeSoon();
    return whole && silent.length === 0;
  }

  /** @returns those that did not answer */
  async #ask(all: boolean): Promise<readonly string[]> {
    if (!all && this.#silent.length === 0) return [];
    this.#missed = false;
    try {
      this.#silent = await this.#words.ask(all ? undefined : this.#silent);
    } catch (error) {
      this.#missed ||= all;
      throw error;
    }
    return this.#silent;
  }

  /** Only those attacks of the past are stored that a crash kept from being stored. @param live what is found now */
  async #dropKnown(live: ReadonlySet<string>): Promise<void> {
    const { db, log } = this.#options;
    try {
      const past = [...this.#pending].filter(([identity]) => !live.has(identity));
      const ids = past.map(([, { hit }]) => detectionId(hit));
      const known = await knownDetections(db, ids);
      for (const [identity, { hit }] of past) {
        if (!known.has(detectionId(hit))) continue;
        this.#pending.delete(identity);
        this.#restrictions.delete(restrictionOf(hit) ?? '');
      }
    } catch (error) {
      log.warn('it could not be read which attacks of the last day are stored; they are told again', {
        reason: messageOf(error),
      });
    }
  }
}

/** The key of what follows from a hit; null when nothing does. */
function restrictionOf({ restriction, project }: Hit): string | null {
  return restriction === null ? null : restrictionKey({ ...restriction, project });
}

/** Adds to what is taken back; what waits already of the same attack and consequence goes from its beginning on. */
function addTo(withdrawn: Map<string, Withdrawal>, added: Withdrawal): void {
  const key = `${identityOf(added.hit)} ${restrictionOf(added.hit)}`;
  const known = withdrawn.get(key) ?? added;
  withdrawn.set(key, {
    hit: added.hit,
    since: Math.min(known.since, added.since),
    whole: known.whole || added.whole,
  });
}

function joined(earlier: PendingDetection, later: PendingDetection | undefined): PendingDetection {
  if (later === undefined) return earlier;
  return {
    hit: later.hit,
    count: earlier.count + later.more,
    more: earlier.more + later.more,
    firstAt: Math.min(earlier.firstAt, later.firstAt),
    lastAt: Math.max(earlier.lastAt, later.lastAt),
  };
}
