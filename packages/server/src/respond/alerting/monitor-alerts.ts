import type { Verdict } from './instance.ts';
import type { MonitorStatus } from './ports.ts';

/** The rule that every monitor is an instance of. */
export const MONITOR_RULE = 'Monitor down';
export const MONITOR_RULE_ID = 'monitor';

/** What a monitor's state means for its alert. A prober without network knows nothing, so nothing changes. */
export function judgeMonitor(monitor: MonitorStatus): Verdict {
  const reason = monitor.reason ?? monitor.state;
  switch (monitor.state) {
    case 'down':
      return { kind: 'breach', value: 0, sample: 1, reason };
    case 'up':
    case 'degraded':
      return { kind: 'clear', value: 1, sample: 1, reason: monitor.reason ?? 'it answers again' };
    case 'paused':
      return { kind: 'gone', reason: 'the monitor is paused' };
    case 'pending':
    case 'unknown':
    case 'network-down':
      return { kind: 'hold', reason };
  }
}
