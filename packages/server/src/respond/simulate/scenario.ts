import type { MonitorConfig } from '../../observe/uptime/index.ts';
import type { AlertingConfig } from '../alerting/index.ts';
import type { OnCallConfig } from '../oncall/index.ts';
import type { Slo } from '../slo/index.ts';
import type { Window } from '../windows/index.ts';

/** One version of the configuration, as a simulation uses it. */
export interface SimulatedConfig extends AlertingConfig, OnCallConfig {
  /** Service of records that carry none. */
  service: string;
  monitors: readonly MonitorConfig[];
  slos: readonly Slo[];
  windows: readonly Window[];
}

/** Labels of what happens; `project`, `service`, `environment` and `release` are columns of their own. */
type Labels = Readonly<Record<string, string>>;

/** What happens to the application at one or more instants. */
export type Occurring =
  | { kind: 'requests' | 'outbound'; count: number; failed: number; durationMs: number; labels: Labels }
  | { kind: 'event'; name: string; count: number; level: string; labels: Labels }
  | { kind: 'gauge'; name: string; value: number; labels: Labels }
  | { kind: 'ping'; monitor: string; signal: 'start' | 'success' | 'fail'; exit: number | null }
  | {
      kind: 'alert';
      labels: Labels;
      annotations: Labels;
      /** ms from the start of the scenario; left out = the sender does not say. */
      starts?: number;
      ends?: number;
    }
  | { kind: 'check'; monitor: string; ok: boolean; reason: string | null };

/** A line of input. Times of a scenario are ms from its start. */
export interface InputLine {
  /** Every instant at which it happens, in order. */
  at: readonly number[];
  what: Occurring;
  /** The instance that receives it, from 0. */
  instance: number;
}

/** What happens to YumOps, its people and its receivers. */
export type Action =
  | { kind: 'ack'; rule: string; by: string; via: string }
  | { kind: 'crash'; forMs: number; instance: number | 'leader' | 'all' }
  | { kind: 'silence'; id: string; matchers: readonly string[]; from: number; to: number | null }
  | { kind: 'unsilence'; id: string }
  | { kind: 'reload'; config: SimulatedConfig }
  | { kind: 'clock'; jumpMs: number }
  | ({ kind: 'receiver' } & ReceiverAnswer);

/** How a receiver behaves for a while. */
export interface ReceiverAnswer {
  channel: string;
  /** Null = every receiver of the channel. */
  target: string | null;
  /** `timeout` never takes a message. */
  answer: number | 'timeout';
  retryAfterMs: number | null;
  /** It takes a message at once and answers so much later. */
  delayMs: number;
  /** Infinity = to the end. */
  until: number;
}

export interface TimedAction {
  at: number;
  action: Action;
}

/** An alert inside a message, as far as it is stated. */
export interface ExpectedAlert {
  name?: string | undefined;
  status?: 'firing' | 'resolved' | undefined;
  labels: Labels;
  annotations: Labels;
  starts?: number | undefined;
  ends?: number | undefined;
}

/** A message or a state that must come at `at`, give or take `within`. What is undefined may be anything. */
export type Expectation = { at: number; within: number } & (
  | {
      type: 'message';
      channel: string;
      target?: string | undefined;
      kind?: string | undefined;
      rule?: string | undefined;
      step?: number | undefined;
      attempt?: number | undefined;
      /** Undefined = it was taken. */
      answer?: number | 'timeout' | undefined;
      /** A part of the reason. */
      reason?: string | undefined;
      /** All alerts of the message. */
      alerts?: readonly ExpectedAlert[] | undefined;
    }
  | { type: 'state'; state: string; rule: string; labels: Labels }
);

/** A scenario, ready to run. */
export interface Scenario {
  name: string;
  /** ms since the epoch. */
  start: number;
  durationMs: number;
  instances: number;
  config: SimulatedConfig;
  input: readonly InputLine[];
  actions: readonly TimedAction[];
  expect: readonly Expectation[];
  exact: boolean;
}
