import type { AlertState } from '@yumops/protocol';
import type { Episode, Inhibitor } from '../episode.ts';
import { type Source, sourcesOf } from '../inhibit/inhibition.ts';
import { ReceiverCounts, type Untold } from './busy.ts';
import type { Facts } from './facts.ts';
import {
  type Decision,
  type GroupState,
  isBatchKey,
  type Message,
  type TimelineEntry,
  type Timer,
  type TimerKind,
  type Told,
  timerKey,
} from './state.ts';

/** The next state of a group while it is being decided. The state it was made from stays as it is. */
export class Draft {
  readonly key: string;
  readonly now: number;
  readonly facts: Facts;
  anchorAt: number | null;
  readonly alerts: Map<string, Episode>;
  readonly timers: Map<string, Timer>;
  readonly messages: Map<string, Message>;
  readonly told: Map<string, Told>;
  /** The group is told as a whole. */
  readonly isBatch: boolean;
  readonly #timeline: TimelineEntry[] = [];
  readonly #sources = new Map<string, readonly Source[]>();
  readonly #receivers = new Map<Untold, ReceiverCounts>();

  constructor(state: GroupState, now: number, facts: Facts) {
    this.key = state.key;
    this.now = now;
    this.facts = facts;
    this.anchorAt = state.anchorAt;
    this.alerts = new Map(state.alerts);
    this.timers = new Map(state.timers);
    this.messages = new Map(state.messages);
    this.told = new Map(state.told);
    this.isBatch = isBatchKey(state.key);
  }

  setAlert(alert: Episode): Episode {
    const before = this.alerts.get(alert.id);
    if (before?.state !== alert.state) this.#sources.clear();
    for (const counts of this.#receivers.values()) counts.replace(before, alert);
    this.alerts.set(alert.id, alert);
    return alert;
  }

  setMessage(message: Message): Message {
    this.messages.set(message.id, message);
    return message;
  }

  setTimer(timer: Timer): void {
    this.timers.set(timerKey(timer), timer);
  }

  /** Removes the alert's timers of these kinds; `personal` = those of everybody's own rules. */
  dropTimers(alertId: string, ...kinds: (TimerKind | 'personal')[]): void {
    for (const [key, timer] of this.timers) {
      const isRule = timer.kind.startsWith('personal:') && kinds.includes('personal');
      if (timer.alertId === alertId && (isRule || kinds.includes(timer.kind))) this.timers.delete(key);
    }
  }

  firing(): Episode[] {
    return [...this.alerts.values()].filter((alert) => alert.state === 'firing');
  }

  /** Whom the alerts that fire are told to. @param untold see {@link ReceiverCounts} */
  receivers(untold: Untold): ReceiverCounts {
    const known = this.#receivers.get(untold);
    if (known) return known;
    const counts = new ReceiverCounts(this.alerts.values(), untold);
    this.#receivers.set(untold, counts);
    return counts;
  }

  /** What fires and mutes others by this inhibitor, in this group and elsewhere. */
  sourcesOf(inhibitor: Inhibitor): readonly Source[] {
    const key = JSON.stringify(inhibitor);
    const known = this.#sources.get(key);
    if (known) return known;
    const elsewhere = this.facts.firing.filter(({ id }) => !this.alerts.has(id));
    const found = sourcesOf(inhibitor, [...elsewhere, ...this.firing()]);
    this.#sources.set(key, found);
    return found;
  }

  /** The messages about an alert, oldest first. */
  messagesOf(alertId: string): Message[] {
    return [...this.messages.values()].filter((message) => message.alerts.some((alert) => alert.id === alertId));
  }

  note(alertId: string, kind: string, reason: string, from: AlertState | null = null, to: AlertState | null = null) {
    this.#timeline.push({ alertId, at: this.now, kind, from, to, reason });
  }

  noteAll(message: Message, kind: string, reason: string): void {
    for (const alert of message.alerts) this.note(alert.id, kind, reason);
  }

  decision(): Decision {
    return {
      state: {
        key: this.key,
        anchorAt: this.anchorAt,
        alerts: this.alerts,
        timers: this.timers,
        messages: this.messages,
        told: this.told,
      },
      timeline: this.#timeline,
    };
  }
}
