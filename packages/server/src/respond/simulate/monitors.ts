import {
  afterSignal,
  type Beats,
  judge,
  judgeBeats,
  type MonitorConfig,
  type MonitorStatus,
  NO_BEATS,
  type Observation,
  UNCHECKED,
} from '../../observe/uptime/index.ts';
import type { MonitorStatus as MonitorAlertStatus } from '../alerting/index.ts';

/** The states of the monitors of a scenario, from the checks that it states. */
export class SimulatedMonitors {
  #configs: readonly MonitorConfig[];
  readonly #states = new Map<string, MonitorStatus>();
  /** Of heartbeats. */
  readonly #beats = new Map<string, Beats>();

  constructor(configs: readonly MonitorConfig[]) {
    this.#configs = configs;
  }

  use(configs: readonly MonitorConfig[]): void {
    this.#configs = configs;
  }

  /** Takes the result of a check at `now`, ms since the epoch. */
  check(name: string, ok: boolean, reason: string | null, now: number): void {
    const config = this.#configs.find((monitor) => monitor.name === name);
    if (config) this.#observe(config, { verdict: ok ? 'up' : 'down', reason }, now);
  }

  /** Takes what a job says of itself at `now`. */
  beat(name: string, signal: 'start' | 'success' | 'fail', exit: number | null, now: number): void {
    const config = this.#configs.find((monitor) => monitor.name === name);
    if (!config) return;
    const beats = this.#beats.get(config.id) ?? NO_BEATS;
    this.#beats.set(config.id, afterSignal(beats, { kind: signal, at: now, exit, output: '' }));
    this.look(name, now);
  }

  /** Looks whether a beat is missing at `now`. */
  look(name: string, now: number): void {
    const config = this.#configs.find((monitor) => monitor.name === name);
    if (config?.kind !== 'heartbeat') return;
    const { verdict, reason } = judgeBeats(this.#beats.get(config.id) ?? NO_BEATS, config, now);
    this.#observe(config, { verdict, reason }, now);
  }

  #observe(config: MonitorConfig, seen: Observation, now: number): void {
    const before = this.#states.get(config.id) ?? UNCHECKED;
    this.#states.set(config.id, judge(before, seen, config, now).status);
  }

  /** What the alert path sees; a monitor that was never checked is not there yet. */
  statuses(): MonitorAlertStatus[] {
    return this.#configs.flatMap((config) => {
      const status = this.#states.get(config.id);
      if (!status || status.since === null) return [];
      const { id, name, severity, notifications, escalation, labels, parent, runbook, project } = config;
      const { state, since, reason } = status;
      const own = { id, name, severity, notifications, escalation, labels, parent, runbook, project };
      return [{ ...own, state, since, reason }];
    });
  }
}
