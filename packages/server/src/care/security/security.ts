import { messageOf } from '../../lib/errors.ts';
import { Loop } from '../../lib/loop.ts';
import { randomHex } from '../../lib/random.ts';
import { networkTest } from './address.ts';
import { DetectionEngine, type EngineStats } from './detect/engine.ts';
import { type Hit, identityOf, type Restriction, SEVERITY_OF } from './detection.ts';
import type { SecurityEvent } from './event.ts';
import { EventFeed } from './feed.ts';
import { type LocationSource, located } from './location.ts';
import type { SecurityOptions } from './ports.ts';
import { readPast } from './read-past.ts';
import { restrictionKey, type StoredRestriction } from './restriction.ts';
import { RestrictionsInForce } from './restrictions.ts';
import {
  detectionId,
  expireRestrictions,
  knownDetections,
  type PendingDetection,
  writeDetections,
  writeRestriction,
} from './store.ts';

const CHANNEL = 'yumops_security_events';
/** What came within this time is written at once. */
const GATHER_MS = 100;
const RETRY_MS = 1_000;
const IDLE_MS = 60_000;
const MOST_PENDING = 10_000;
/** Postgres takes 8,000 bytes in a word. */
const WORD_BYTES = 6_500;
/** An older event is history: it is detected, and nobody is shut out for it. */
const HISTORY_MS = 86_400_000;
/** A restriction is prolonged when it would end this share of its length later. */
const PROLONG_SHARE = 0.05;

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
  #words: SecurityEvent[] = [];
  #counts = { events: 0, lostDetections: 0 };
  #locationSeen = false;
  #woken = false;
  #unlisten: () => void = () => undefined;

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

  /** Learns what is known of the last day, and begins to work. */
  async start(): Promise<void> {
    await this.#options.location.start();
    await this.inForce.start();
    await this.#learn();
    const { signals, instance } = this.#options;
    this.#unlisten = signals.listen(CHANNEL, (text) => {
      const { from, events } = JSON.parse(text) as { from: string; events: SecurityEvent[] };
      if (from !== instance) for (const event of events) this.#engine.take(event);
    });
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#unlisten();
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
      for (const hit of this.#engine.take(event)) this.#note(hit);
      this.#words.push(event);
    }
    this.#wakeSoon();
  }

  /** Forgets what was counted against whomever a restriction was about, so that it does not come back by itself. */
  pardon({ project, value }: Pick<StoredRestriction, 'project' | 'value'>): void {
    this.#engine.pardon(project, value);
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
    if (this.#pending.size === 0 && this.#restrictions.size === 0) return;
    const [pending, restrictions] = [this.#pending, this.#restrictions];
    this.#pending = new Map();
    this.#restrictions = new Map();
    try {
      await this.#write([...pending.values()], [...restrictions.values()]);
    } catch (error) {
      for (const [identity, item] of pending) this.#pending.set(identity, joined(item, this.#pending.get(identity)));
      for (const [key, item] of restrictions) if (!this.#restrictions.has(key)) this.#restrictions.set(key, item);
      throw error;
    }
  }

  async #write(pending: readonly PendingDetection[], restrictions: readonly StoredRestriction[]): Promise<void> {
    const { db, clock, audit } = this.#options;
    const now = clock.now();
    const fresh = await db.transaction(async (tx) => {
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
    if (restrictions.length > 0) await this.inForce.changed();
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
    const { signals, instance, log } = this.#options;
    const events = this.#words;
    this.#words = [];
    let word: SecurityEvent[] = [];
    let bytes = 0;
    const send = async () => {
      const text = JSON.stringify({ from: instance, events: word });
      word = [];
      bytes = 0;
      await signals.send(CHANNEL, text).catch((error: unknown) => {
        log.debug('other instances were not told of security events', { reason: messageOf(error) });
      });
    };
    for (const event of events) {
      const size = Buffer.byteLength(JSON.stringify(event)) + 1;
      if (bytes + size > WORD_BYTES && word.length > 0) await send();
      if (size > WORD_BYTES) continue;
      word.push(event);
      bytes += size;
    }
    if (word.length > 0) await send();
  }

  /** What was there before: the detectors see it again; only what a crash kept from being stored is stored. */
  async #learn(): Promise<void> {
    const { db, log, location } = this.#options;
    for (const event of await readPast(this.#options)) {
      for (const hit of this.#engine.take(located(event, location))) this.#note(hit);
    }
    try {
      const ids = [...this.#pending.values()].map(({ hit }) => detectionId(hit));
      const known = await knownDetections(db, ids);
      for (const [identity, { hit }] of this.#pending) {
        if (!known.has(detectionId(hit))) continue;
        this.#pending.delete(identity);
        if (hit.restriction !== null)
          this.#restrictions.delete(restrictionKey({ ...hit.restriction, project: hit.project }));
      }
    } catch (error) {
      log.warn('it could not be read which attacks of the last day are stored; they are told again', {
        reason: messageOf(error),
      });
    }
  }
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
