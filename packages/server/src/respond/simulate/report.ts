/** An alert inside a message. Times are seconds from the start of the scenario. */
export interface NotifiedAlert {
  name: string;
  labels: Readonly<Record<string, string>>;
  status: 'firing' | 'resolved';
  starts: number;
  ends: number | null;
  annotations: Readonly<Record<string, string>>;
}

/** One delivery attempt that reached a receiver. */
export interface Notification {
  /** When it reached the receiver, in seconds of elapsed time. */
  t: number;
  channel: string;
  target: string;
  /** The idempotency key that went along: the same for every attempt of one message. */
  key: string;
  kind: string;
  step: number;
  rule: string;
  /** The first ten. */
  alerts: NotifiedAlert[];
  /** How many there are, where that is more than ten. */
  total?: number;
  attempt: number;
  /** What the receiver answered: a status, or `timeout` when it never took the message. */
  answer: number | 'timeout';
  reason: string;
}

/** A change of state of one alert of a rule. */
export interface StateChange {
  t: number;
  rule: string;
  labels: Readonly<Record<string, string>>;
  from: string;
  to: string;
  reason: string;
}

export interface Acknowledged {
  t: number;
  rule: string;
  by: string;
  via: string;
}

/** What a scenario gave, in order of time. */
export interface SimulationReport {
  notifications: Notification[];
  states: StateChange[];
  acks: Acknowledged[];
  /** What was expected and did not come, and what came unexpectedly; empty = passed. */
  failures: string[];
}

/** Milliseconds as seconds, to the millisecond. */
export function seconds(ms: number): number {
  return Math.round(ms) / 1_000;
}
