import { judge, type MonitorConfig, type MonitorStatus, UNCHECKED } from '../../observe/uptime/index.ts';
import type { MonitorStatus as MonitorAlertStatus } from '../alerting/index.ts';

/** The states of the monitors of a scenario, from the checks that it states. */
export class SimulatedMonitors {
  #configs: readonly MonitorConfig[];
  readonly #states = new Map<string, MonitorStatus>();

  constructor(configs: readonly MonitorConfig[]) {
    this.#configs = configs;
  }

  use(configs: readonly MonitorConfig[]): void {
    this.#configs = configs;
  }

  /** Takes the result of a check at `now`, ms since the epoch. */
  check(name: string, ok: boolean, reason: string | null, now: number): void {
    const config = this.#configs.find((monitor) => monitor.name === name);
    if (!config) return;
    const before = this.#states.get(config.id) ?? UNCHECKED;
    this.#states.set(config.id, judge(before, { verdict: ok ? 'up' : 'down', reason }, config, now).status);
  }

  /** What the alert path sees; a monitor that was never checked is not there yet. */
  statuses(): MonitorAlertStatus[] {
    return this.#configs.flatMap((config) => {
      const status = this.#states.get(config.id);
      if (!status || status.since === null) return [];
      const { id, name, severity, notifications, escalation, labels, runbook } = config;
      const { state, since, reason } = status;
      return [{ id, name, severity, notifications, escalation, labels, runbook, state, since, reason }];
    });
  }
}
