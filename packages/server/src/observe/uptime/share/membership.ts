import type { Clock } from '../../../lib/clock.ts';
import type { Db } from '../../../lib/db.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { Loop } from '../../../lib/loop.ts';
import type { Signals } from '../../../lib/signals.ts';
import { endLease, type Member, type Roll, renewLease } from './member-store.ts';
import { ownerOf } from './rendezvous.ts';

export interface MembershipOptions {
  db: Db;
  clock: Clock;
  log: Log;
  /** Unique, and the same after a restart. */
  instance: string;
  signals?: Signals | undefined;
  /** How long an instance keeps its share without renewing its lease, default 8 s. */
  leaseMs?: number | undefined;
  /** False = it gets no monitors, and only takes in what is seen of them; default true. */
  checks?: boolean | undefined;
  /** Stops the checks of monitors that are not `mine` any more, and stores what they found. */
  release(): Promise<void>;
  /** Begins with those that are `mine` now. */
  gain(): Promise<void>;
}

const LEASE_MS = 8_000;
const CHANNEL = 'yumops_prober';

/**
 * Divides the monitors among the instances on one state store by rendezvous hashing. A monitor moves in two steps: the
 * old owner stops and says so, then the new one begins. So none is checked by two, and one whose owner has died waits
 * for the end of its lease. While the store is away everybody goes on with the share they have.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #leaseMs: number;
  readonly #loop: Loop;
  #unlisten: () => void = () => undefined;
  /** By whom the shares are reckoned, in order. */
  #acting: readonly string[] = [];
  #others: readonly Member[] = [];
  /** Whether the others changed since shares were reckoned last. */
  #claimsChanged = false;
  readonly #owners = new Map<string, string | undefined>();

  constructor(options: MembershipOptions) {
    const { clock, log, leaseMs = LEASE_MS } = options;
    this.#options = options;
    this.#leaseMs = leaseMs;
    this.#loop = new Loop(
      clock,
      async () => {
        await this.#renew();
        return leaseMs / 4;
      },
      (error) => {
        log.warn('The lease of the prober could not be renewed', { reason: messageOf(error) });
        return leaseMs / 8;
      },
    );
  }

  /** Whether other instances share the monitors. */
  get isShared(): boolean {
    return this.#others.length > 0;
  }

  /** Whether this instance may check a monitor now. */
  isMine(id: string): boolean {
    return this.#ownerAmong(this.#acting, id) === this.#options.instance && !this.#isClaimed(id);
  }

  /** Takes part from now on. Nothing is checked before it resolves. */
  async start(): Promise<void> {
    await this.#renew();
    this.#unlisten = this.#options.signals?.listen(CHANNEL, (from) => this.#hear(from)) ?? this.#unlisten;
    this.#loop.start();
  }

  /** Gives everything to the others. */
  async stop(): Promise<void> {
    this.#unlisten();
    await this.#loop.stop();
    try {
      await endLease(this.#options.db, this.#options.instance);
    } catch (error) {
      this.#options.log.warn('The share of the prober is free only when its lease ends', { reason: messageOf(error) });
    }
    await this.#tell();
  }

  async #renew(): Promise<void> {
    const { lapsed } = await this.#exchange();
    if (lapsed && this.isShared) this.#goBy([]);
    const { instance: own, checks = true } = this.#options;
    const wanted = [{ instance: own, checks }, ...this.#others]
      .flatMap((member) => (member.checks ? [member.instance] : []))
      .sort();
    if (wanted.join('\n') === this.#acting.join('\n')) {
      if (this.#claimsChanged) await this.#options.gain();
      this.#claimsChanged = false;
      return;
    }
    // What falls to others is not mine from here on; once nothing of it runs, they are told.
    this.#goBy(wanted);
    await this.#options.release();
    await this.#exchange();
    this.#claimsChanged = false;
    await this.#options.gain();
    await this.#tell();
  }

  async #exchange(): Promise<Roll> {
    const { db, instance, checks = true } = this.#options;
    const roll = await renewLease(db, { instance, checks, acting: this.#acting }, this.#leaseMs);
    this.#claimsChanged ||= JSON.stringify(roll.others) !== JSON.stringify(this.#others);
    this.#others = roll.others;
    return roll;
  }

  #goBy(members: readonly string[]): void {
    this.#acting = members;
    this.#owners.clear();
  }

  #isClaimed(id: string): boolean {
    return this.#others.some(({ instance, acting }) => {
      if (acting.length === 0) return false;
      // Mostly all go by the same members, and whose it is among them is known.
      if (acting.join('\n') === this.#acting.join('\n')) return false;
      return ownerOf(id, acting) === instance;
    });
  }

  #ownerAmong(members: readonly string[], id: string): string | undefined {
    if (members.length < 2) return members[0];
    if (!this.#owners.has(id)) this.#owners.set(id, ownerOf(id, members));
    return this.#owners.get(id);
  }

  #hear(from: string): void {
    if (from !== this.#options.instance) this.#loop.wake();
  }

  /** The others would see it at their next renewal; so they see it at once. */
  async #tell(): Promise<void> {
    const { signals, instance, log } = this.#options;
    await signals?.send(CHANNEL, instance).catch((error: unknown) => {
      log.warn('The other instances could not be told', { reason: messageOf(error) });
    });
  }
}
