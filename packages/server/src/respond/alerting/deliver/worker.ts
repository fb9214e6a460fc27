import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { random as machineRandom } from '../../../lib/random.ts';
import type { DeliveryResult, Notifier, ReplyLink } from '../../notify/index.ts';
import { changeGroups, type GroupChange } from '../group/change.ts';
import type { GroupInput } from '../group/decide.ts';
import type { Claimed } from '../group/state.ts';
import { JoinQueue } from '../join-queue.ts';
import { bundleBodies } from '../message/bundle.ts';
import type { AlertStore, ClaimRoom, PlannedWork, ResolveOnCall, Sender } from '../ports.ts';

const SEND_TIMEOUT_MS = 10_000;
const LEASE_MS = SEND_TIMEOUT_MS + 5_000;
/** What is being sent or waits for its outcome to be written, at most: all of it is sent again after a crash. */
const MAX_IN_FLIGHT = 512;
/** Room that messages which were just decided leave to those that wait: in a flood these would wait for its end. */
const ROOM_FOR_WAITING = 128;
/** What is being sent to one target at most: one that answers late takes no room from others. */
const MAX_PER_TARGET = 64;
/** Outcomes that share one commit at most. */
const OUTCOMES_AT_ONCE = 100;
/** Whether a worker is gone is looked at so often. */
const INTERRUPTED_EVERY_MS = 250;

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
  /** Uniform values in [0, 1), by which retries are spread; left out = the machine's. */
  random?: (() => number) | undefined;
  /** Awaited before outcomes are written: resolves when what goes first is done. */
  giveWay?: () => Promise<void>;
  /** Called when there may be room for more: an outcome is written, or half of what was out to a target is answered. */
  settled: () => void;
}

/** Takes messages from the outbox and sends them, each on its own: a slow target never delays another. */
export class DeliveryWorker {
  readonly #deps: DeliveryDeps;
  readonly #inFlight = new Map<string, Promise<void>>();
  /** How many messages are being sent, by target. */
  readonly #out = new Map<string, number>();
  readonly #outcomes = new JoinQueue<Outcome>((outcomes) => this.#record(outcomes), OUTCOMES_AT_ONCE);
  #lookAt = Number.NEGATIVE_INFINITY;
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

  /**
   * Takes back what was interrupted.
   * @returns how many messages
   */
  async takeBack(): Promise<number> {
    const { store, worker, now } = this.#deps;
    if (now() < this.#lookAt) return 0;
    this.#lookAt = now() + INTERRUPTED_EVERY_MS;
    const interrupted = await store.interrupted(worker, now(), [...this.#inFlight.keys()]);
    await Promise.all(
      interrupted.map(({ id, groupKey }) =>
        this.#outcomes.add({ groupKey, input: { type: 'interrupted', messageId: id } }),
      ),
    );
    return interrupted.length;
  }

  /** Starts every attempt that is due. Does not wait for their end. */
  async run(): Promise<void> {
    const { worker, now, until, room } = this.#sender(MAX_IN_FLIGHT);
    if (room.messages > 0) this.send(await this.#deps.store.claim(worker, now, until - now, room));
  }

  /** What there is room for now; `settled` is called when there is more. */
  get room(): ClaimRoom {
    return this.#sender(MAX_IN_FLIGHT).room;
  }

  /** What of the messages that are decided now may be taken for this worker at once. */
  claims(): Sender {
    return this.#sender(MAX_IN_FLIGHT - ROOM_FOR_WAITING);
  }

  #sender(most: number): Sender {
    const { worker, now } = this.#deps;
    const messages = this.#stopped ? 0 : Math.max(0, most - this.#inFlight.size);
    const busy = [...this.#out].filter(([, count]) => count >= MAX_PER_TARGET).map(([target]) => target);
    return { worker, now: now(), until: now() + LEASE_MS, room: { messages, perTarget: MAX_PER_TARGET, busy } };
  }

  /** Sends messages that were taken for this worker. Does not wait for their end. */
  send(claimed: readonly Claimed[]): void {
    for (const bundle of bundlesOf(claimed)) this.#start(bundle);
  }

  /** Ends when no attempt is out any more. No new one begins. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight.values());
  }

  /** Attempts that are out; messages that leave as one are one. */
  get inFlight(): number {
    return new Set(this.#inFlight.values()).size;
  }

  /** What is sent is let go with the answer: in a flood thousands wait for their outcome to be written. */
  #start(bundle: Bundle): void {
    const { id: bundleId } = bundle;
    const messages = bundle.messages.map(({ id, groupKey }) => ({ id, groupKey }));
    const attempt = this.#attempt(bundle)
      .then((result) => this.#note(messages, result))
      .catch((error: unknown) => {
        // The outcome could not be written: the message's lease runs out and it is taken again.
        this.#deps.log.error('the outcome of a delivery was not recorded', {
          message: bundleId,
          error: messageOf(error),
        });
      })
      .finally(() => {
        for (const { id } of messages) this.#inFlight.delete(id);
        this.#deps.settled();
      });
    for (const { id } of messages) this.#inFlight.set(id, attempt);
  }

  #began({ lead }: Bundle): void {
    const target = `${lead.channel}/${lead.target}`;
    this.#out.set(target, (this.#out.get(target) ?? 0) + 1);
  }

  /** The target has room again, though what it answered is yet to be written. */
  #answered({ lead }: Bundle): void {
    const target = `${lead.channel}/${lead.target}`;
    const count = (this.#out.get(target) ?? 0) - 1;
    if (count > 0) this.#out.set(target, count);
    else this.#out.delete(target);
    if (count === MAX_PER_TARGET / 2) this.#deps.settled();
  }

  async #attempt(bundle: Bundle): Promise<DeliveryResult> {
    this.#began(bundle);
    return this.#send(bundle).finally(() => this.#answered(bundle));
  }

  /** What becomes of a bundle becomes of each of its messages. */
  async #note(messages: readonly Pick<Claimed, 'id' | 'groupKey'>[], result: DeliveryResult): Promise<void> {
    const random = (this.#deps.random ?? machineRandom)();
    const others = messages.length - 1;
    const shown =
      result.outcome === 'sent' && others > 0
        ? { ...result, detail: `${result.detail}, in one with ${others} other message${others === 1 ? '' : 's'}` }
        : result;
    await Promise.all(
      messages.map(({ id, groupKey }) =>
        this.#outcomes.add({ groupKey, input: { type: 'attempted', messageId: id, result: shown, random } }),
      ),
    );
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

  /** Writes outcomes; where one of them cannot be written, the others still are. */
  async #record(outcomes: readonly Outcome[]): Promise<void> {
    const { now } = this.#deps;
    const groups = new Map<string, GroupInput[]>();
    for (const { groupKey, input } of outcomes) groups.set(groupKey, [...(groups.get(groupKey) ?? []), input]);
    const changes = [...groups].map(([groupKey, inputs]) => ({ groupKey, inputs, now }));
    try {
      await changeGroups(this.#deps, changes);
    } catch (error) {
      if (changes.length === 1 || codeOf(error) === 'state_unavailable') throw error;
      for (const change of changes) await this.#recordAlone(change);
    }
  }

  async #recordAlone(change: GroupChange): Promise<void> {
    try {
      await changeGroups(this.#deps, [change]);
    } catch (error) {
      const { log } = this.#deps;
      log.error('outcomes of a group were not recorded', { group: change.groupKey, error: messageOf(error) });
    }
  }
}

/** What became of an attempt, for the group of its message. */
interface Outcome {
  groupKey: string;
  input: GroupInput;
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
