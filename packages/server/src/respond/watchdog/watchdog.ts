import type { Clock, Timer } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/duration.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { DeliveryResult, Notifier, Outgoing } from '../notify/index.ts';
import { readBeat } from './beat.ts';
import type { WatchdogConfig } from './config.ts';
import { look, newWatch, noteTold, takeBeat, toTell, type WatchState } from './judge.ts';

const SEND_TIMEOUT_MS = 10_000;
const RETRY_MS = 5_000;
/** It looks so many times between two beats. */
const LOOKS = 4;

export interface WatchdogDeps {
  config: WatchdogConfig;
  service: string;
  notifiers: ReadonlyMap<string, Notifier>;
  publicUrl: string;
  clock: Clock;
  log: Log;
  /** What it remembered before it was restarted. */
  remembered: WatchState | null;
  remember(state: WatchState): Promise<void>;
}

/**
 * Watches the platform from another process: when its beats stop, it tells by itself, without the platform, its stores
 * or its alert path.
 */
export class Watchdog {
  readonly #deps: WatchdogDeps;
  readonly #sending = new Map<string, Promise<void>>();
  readonly #retryAt = new Map<string, number>();
  #state: WatchState;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(deps: WatchdogDeps) {
    this.#deps = deps;
    const now = deps.clock.now();
    // While nobody watched, nothing can have been missed.
    this.#state = deps.remembered ? { ...deps.remembered, since: now, lastBeatAt: null } : newWatch(now);
  }

  start(): void {
    this.#look();
  }

  /** Takes the body of a beat. @returns false when it is not one of the platform's */
  async beat(body: string, signature: string | undefined): Promise<boolean> {
    const { config, clock } = this.#deps;
    const now = clock.now();
    const beat = readBeat(config.secret?.reveal() ?? null, body, signature, now);
    if (!beat) return false;
    await this.#become(takeBeat(this.#state, beat.evaluatedAt, now));
    this.#tell();
    return true;
  }

  get state(): WatchState {
    return this.#state;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await Promise.all(this.#sending.values());
  }

  #look(): void {
    if (this.#stopped) return;
    const { config, clock, log } = this.#deps;
    const next = look(this.#state, config, clock.now());
    if (next.outage && next.outage !== this.#state.outage && next.outage.number !== this.#state.outage?.number) {
      log.error('the platform gives no sign of life', { since: new Date(next.outage.since).toISOString() });
    }
    void this.#become(next).then(() => this.#tell());
    this.#timer = clock.after(config.everyMs / LOOKS, () => this.#look());
  }

  #tell(): void {
    const { config, clock } = this.#deps;
    const now = clock.now();
    const receivers = config.notify.filter(({ broken }) => broken === null).map(nameOf);
    for (const { receiver, of } of toTell(this.#state, receivers, now)) {
      if (this.#sending.has(receiver) || (this.#retryAt.get(receiver) ?? 0) > now) continue;
      const sending = this.#send(receiver, of).finally(() => this.#sending.delete(receiver));
      this.#sending.set(receiver, sending);
    }
  }

  async #send(receiver: string, of: 'begin' | 'end'): Promise<void> {
    const { clock, log } = this.#deps;
    const result = await this.#attempt(receiver, of);
    if (result.outcome === 'sent') {
      log.info('told', { receiver, of, answer: result.detail });
      await this.#become(noteTold(this.#state, receiver, of, clock.now()));
      return;
    }
    this.#retryAt.set(receiver, clock.now() + RETRY_MS);
    log.error('a receiver could not be told; it is tried again', { receiver, of, reason: result.reason });
  }

  async #attempt(receiver: string, of: 'begin' | 'end'): Promise<DeliveryResult> {
    const [channel = '', ...rest] = receiver.split('/');
    const notifier = this.#deps.notifiers.get(channel);
    if (!notifier) return { outcome: 'refused', reason: `no ${channel} integration is set up` };
    const abort = new AbortController();
    const timer = this.#deps.clock.after(SEND_TIMEOUT_MS, () => abort.abort(new Error('no answer within 10 s')));
    try {
      return await notifier.send(this.#message(rest.join('/'), of), abort.signal);
    } catch (error) {
      return { outcome: 'retry', reason: messageOf(error), maybeDelivered: true };
    } finally {
      timer.cancel();
    }
  }

  #message(target: string, of: 'begin' | 'end'): Outgoing {
    const { service, publicUrl, clock } = this.#deps;
    const { outage } = this.#state;
    const since = outage?.since ?? clock.now();
    const over = of === 'end';
    const silent = formatDuration((outage?.endedAt ?? clock.now()) - since);
    const summary = over
      ? `YumOps of ${service} works again after ${silent}`
      : `YumOps of ${service} gives no sign of life for ${silent}: alerts may not be evaluated or sent`;
    const name = `watchdog-${service}-${since}`;
    // A repetition is a message of its own, an attempt that is made again is not.
    const id = `${name}-${over ? 'end' : Object.keys(outage?.told ?? {}).length > 0 ? clock.now() : 'begin'}`;
    const alert = {
      ...{ id: `${name}-${outage?.number ?? 0}`, name: 'YumOps watchdog', severity: 'critical' as const, summary },
      ...{
        status: over ? ('resolved' as const) : ('firing' as const),
        labels: { alertname: 'YumOps watchdog', service },
      },
      ...{ annotations: {}, sentence: 'Fires when the synthetic alert of the platform does not arrive.' },
      ...{ value: null, threshold: null, unit: null, sample: null, windowMs: null, runbook: null },
      ...{ startedAt: since, endedAt: over ? (outage?.endedAt ?? clock.now()) : null },
    };
    return {
      ...{ id, key: `${id}:${over ? 'resolved' : 'firing'}`, target, publicUrl, attempt: 1, createdAt: clock.now() },
      body: {
        kind: over ? 'resolved' : 'firing',
        severity: 'critical',
        rule: alert.name,
        title: `${over ? 'Resolved' : 'Firing'}: ${summary}`,
        reason: 'sent by yumops watchdog, not by the platform',
        step: 0,
        alerts: [alert],
      },
    };
  }

  async #become(next: WatchState): Promise<void> {
    if (next === this.#state) return;
    this.#state = next;
    await this.#deps.remember(next).catch((error: unknown) => {
      this.#deps.log.error('the state of the watchdog was not written', { error: messageOf(error) });
    });
  }
}

function nameOf({ channel, target }: { channel: string; target: string }): string {
  return `${channel}/${target}`;
}
