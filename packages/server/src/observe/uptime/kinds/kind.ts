import type { CheckContext, CheckResult } from '../check.ts';
import type { MonitorConfig } from '../config.ts';

/** What a kind of monitor has to bring; each has a folder of its own. */
export interface MonitorKind<Kind extends MonitorConfig['kind']> {
  /** Makes one check. Throws only for bugs: whatever the target does is the result. */
  run(monitor: Extract<MonitorConfig, { kind: Kind }>, context: CheckContext): Promise<CheckResult>;
  /** What the monitor expects, as short phrases for people. */
  describe(monitor: Extract<MonitorConfig, { kind: Kind }>): string[];
}
