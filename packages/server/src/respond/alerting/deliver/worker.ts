import type { Clock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { random } from '../../../lib/random.ts';
import type { DeliveryResult, Notifier } from '../../notify/index.ts';
import { changeGroup } from '../group/change.ts';
import type { GroupInput } from '../group/decide.ts';
import type { Message } from '../group/state.ts';
import type { AlertStore, ResolveOnCall } from '../ports.ts';

const SEND_TIMEOUT_MS = 10_000;
const LEASE_MS = SEND_TIMEOUT_MS + 5_000;
const MAX_IN_FLIGHT = 32;

export interface DeliveryDeps {
  store: AlertStore;
  resolveOnCall: ResolveOnCall;
  notifiers: ReadonlyMap<string, Notifier>;
  clock: Clock;
  log: Log;
  /** Time as all instances agree on it, ms since the epoch. */
  now: () => number;
  publicUrl: string;
  /** Name of this instance; the same after a restart. */
  worker: string;
  /** Called when an attempt has ended and its outcome is written. */
  settled: () => void;
}

/** Takes messages from the outbox and sends them, each on its own: a slow target never delays another. */
export class DeliveryWorker {
  readonly #deps: DeliveryDeps;
  readonly #inFlight = new Map<string, Promise<void>>();
  #notifiers: ReadonlyMap<string, Notifier>;
  #stopped = false;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#notifiers = deps.notifiers;
  }

  /** Sends through other notifiers from the next attempt on. */
  use(notifiers: ReadonlyMap<string, Notifier>): void {
    this.#notifiers = notifiers;
  }

  /** Takes back what was interrupted, then starts every attempt that is due. Does not wait for their end. */
  async run(): Promise<void> {
    const { store, worker, now } = this.#deps;
    for (const { id, groupKey } of await store.interrupted(worker, now(), [...this.#inFlight.keys()])) {
      await this.#change(groupKey, { type: 'interrupted', messageId: id });
    }
    const free = MAX_IN_FLIGHT - this.#inFlight.size;
    if (free <= 0 || this.#stopped) return;
    for (const message of await store.claim(worker, now(), LEASE_MS, free)) this.#start(message);
  }

  /** Ends when no attempt is out any more. No new one begins. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight.values());
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  #start(message: Message): void {
    const attempt = this.#attempt(message)
      .catch((error: unknown) => {
        // The outcome could not be written: the message's lease runs out and it is taken again.
        this.#deps.log.error('the outcome of a delivery was not recorded', {
          message: message.id,
          error: messageOf(error),
        });
      })
      .finally(() => {
        this.#inFlight.delete(message.id);
        this.#deps.settled();
      });
    this.#inFlight.set(message.id, attempt);
  }

  async #attempt(message: Message): Promise<void> {
    const result = await this.#send(message);
    await this.#change(message.groupKey, { type: 'attempted', messageId: message.id, result, random: random() });
  }

  async #send(message: Message): Promise<DeliveryResult> {
    const notifier = this.#notifiers.get(message.channel);
    if (!notifier) return { outcome: 'refused', reason: `no ${message.channel} integration is set up` };
    const abort = new AbortController();
    const timer = this.#deps.clock.after(SEND_TIMEOUT_MS, () => abort.abort(new Error('no answer within 10 s')));
    try {
      return await notifier.send(
        {
          id: message.id,
          key: message.key,
          target: message.target,
          body: message.body,
          publicUrl: this.#deps.publicUrl,
          attempt: message.attempts,
          createdAt: message.createdAt,
          uncertainSince: message.uncertainSince,
        },
        abort.signal,
      );
    } catch (error) {
      return { outcome: 'retry', reason: messageOf(error), maybeDelivered: true };
    } finally {
      timer.cancel();
    }
  }

  async #change(groupKey: string, input: GroupInput): Promise<void> {
    await changeGroup(this.#deps, { groupKey, inputs: [input], now: this.#deps.now });
  }
}
