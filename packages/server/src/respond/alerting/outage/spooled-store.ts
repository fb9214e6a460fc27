import type { Claimed, Decision, Message } from '../group/state.ts';
import type { Change, ClaimRoom } from '../ports.ts';
import { MemoryAlertStore } from '../state/memory.ts';
import { type OutageSpool, toRecord } from './spool.ts';

/** Ways out that drop a second message by its key, or where one is bearable: never phones. */
export const OUTAGE_CHANNELS: ReadonlySet<string> = new Set(['pagerduty', 'email', 'slack']);

/** The store while the state store is away: in memory, with every step on disk before it has an effect. */
export class SpooledStore extends MemoryAlertStore {
  readonly #spool: OutageSpool;

  /** @param now the agreed time, ms since the epoch */
  constructor(spool: OutageSpool, now: () => number) {
    super(now);
    this.#spool = spool;
  }

  override async change(change: Change): Promise<Decision> {
    const decision = await super.change(change);
    await this.#spool.append(toRecord(decision.state, decision.timeline, change.instances));
    return decision;
  }

  override async claim(worker: string, now: number, leaseMs: number, room: ClaimRoom): Promise<Claimed[]> {
    const claimed = await super.claim(worker, now, leaseMs, room);
    for (const key of new Set(claimed.map(({ groupKey }) => groupKey))) {
      await this.#spool.append(toRecord(this.group(key), [], []));
    }
    return claimed;
  }

  /** What rings a phone waits for the state store. */
  protected override leaves({ channel }: Message): boolean {
    return OUTAGE_CHANNELS.has(channel);
  }
}
