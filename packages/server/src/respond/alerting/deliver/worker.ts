import type { Clock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { random } from '../../../lib/random.ts';
import type { DeliveryResult, Notifier, ReplyLink } from '../../notify/index.ts';
import { changeGroup } from '../group/change.ts';
import type { GroupInput } from '../group/decide.ts';
import type { Claimed } from '../group/state.ts';
import { bundleBodies } from '../message/bundle.ts';
import type { AlertStore, PlannedWork, ResolveOnCall } from '../ports.ts';

const SEND_TIMEOUT_MS = 10_000;
const LEASE_MS = SEND_TIMEOUT_MS + 5_000;
const MAX_IN_FLIGHT = 32;

export interface DeliveryDeps {
  store: AlertStore;
  resolveOnCall: ResolveOnCall;
  plannedWork?: PlannedWork;
  notifiers: ReadonlyMap<string, Notifier>;
  clock: Clock;
  log: Log;
  /** Time as all instances agree on it, ms since the epoch. */
  now: () => number;
  publicUrl: string;
  /** Name of this instance; the same after a restart. */
  worker: string;
  replyLink?: ReplyLink;
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
    for (const bundle of bundlesOf(await store.claim(worker, now(), LEASE_MS, free))) this.#start(bundle);
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

  #start(bundle: Bundle): void {
    const attempt = this.#attempt(bundle)
      .catch((error: unknown) => {
        // The outcome could not be written: the message's lease runs out and it is taken again.
        this.#deps.log.error('the outcome of a delivery was not recorded', {
          message: bundle.id,
          error: messageOf(error),
        });
      })
      .finally(() => {
        for (const { id } of bundle.messages) this.#inFlight.delete(id);
        this.#deps.settled();
      });
    for (const { id } of bundle.messages) this.#inFlight.set(id, attempt);
  }

  /** What becomes of a bundle becomes of each of its messages. */
  async #attempt(bundle: Bundle): Promise<void> {
    const result = await this.#send(bundle);
    const moved = random();
    const others = bundle.messages.length - 1;
    const shown =
      result.outcome === 'sent' && others > 0
        ? { ...result, detail: `${result.detail}, in one with ${others} other message${others === 1 ? '' : 's'}` }
        : result;
    for (const { id, groupKey } of bundle.messages) {
      await this.#change(groupKey, { type: 'attempted', messageId: id, result: shown, random: moved });
    }
  }

  async #send({ id, lead, messages }: Bundle): Promise<DeliveryResult> {
    const notifier = this.#notifiers.get(lead.channel);
    if (!notifier) return { outcome: 'refused', reason: `no ${lead.channel} integration is set up` };
    const body = bundleBodies(messages.map((message) => message.body));
    const uncertain = messages.flatMap(({ uncertainSince }) => uncertainSince ?? []);
    const abort = new AbortController();
    const timer = this.#deps.clock.after(SEND_TIMEOUT_MS, () => abort.abort(new Error('no answer within 10 s')));
    try {
      return await notifier.send(
        {
          id,
          key: lead.key,
          target: lead.target,
          body,
          publicUrl: this.#deps.publicUrl,
          attempt: lead.attempts,
          createdAt: lead.createdAt,
          uncertainSince: uncertain.length > 0 ? Math.min(...uncertain) : null,
          thread: lead.thread,
          mentions: body.mentions ?? [],
          replyUrl: this.#deps.replyLink?.({ message: id, to: lead.target, now: this.#deps.now() }) ?? null,
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

/** Messages that leave as one, under one id. */
interface Bundle {
  id: string;
  /** The message whose id it is, or the oldest that is left. */
  lead: Claimed;
  messages: readonly Claimed[];
}

function bundlesOf(claimed: readonly Claimed[]): Bundle[] {
  const bundles = new Map<string, Claimed[]>();
  for (const message of claimed) {
    const id = message.bundle ?? message.id;
    bundles.set(id, [...(bundles.get(id) ?? []), message]);
  }
  return [...bundles].flatMap(([id, messages]) => {
    const lead = messages.find((message) => message.id === id) ?? messages[0];
    return lead ? [{ id, lead, messages }] : [];
  });
}
