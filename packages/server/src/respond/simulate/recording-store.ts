import {
  type Change,
  type Decision,
  type Instance,
  type Lease,
  MemoryAlertStore,
  type RuleStatus,
} from '../alerting/index.ts';
import { type StateChange, seconds } from './report.ts';

/** What was last written of an instance. */
type Known = Pick<Instance, 'state' | 'open'>;

const UNKNOWN: Known = { state: 'inactive', open: false };

/** The durable state in memory, with a note of every change of state that is written to it. */
export class RecordingStore extends MemoryAlertStore {
  readonly states: StateChange[] = [];
  readonly #known = new Map<string, Known>();
  readonly #elapsed: () => number;
  readonly #nameOf: (ruleId: string) => string;

  /**
   * @param elapsed ms from the start of the scenario
   * @param start ms since the epoch
   */
  constructor(elapsed: () => number, start: number, nameOf: (ruleId: string) => string) {
    super(() => start + elapsed());
    this.#elapsed = elapsed;
    this.#nameOf = nameOf;
  }

  override async saveEvaluation(lease: Lease, statuses: readonly RuleStatus[], instances: readonly Instance[]) {
    await super.saveEvaluation(lease, statuses, instances);
    for (const instance of instances) this.#note(instance);
  }

  override async change(change: Change): Promise<Decision> {
    const decision = await super.change(change);
    for (const instance of change.instances) this.#note(instance);
    return decision;
  }

  /** The firing alerts of a rule, with the groups that they are in. */
  async firingOf(rule: string): Promise<{ alertId: string; groupKey: string }[]> {
    const groups = await this.groupsOf(this.timeline.map(({ alertId }) => alertId));
    return [...groups].flatMap(([alertId, groupKey]) => {
      const alert = this.group(groupKey).alerts.get(alertId);
      return alert?.rule === rule && alert.state === 'firing' ? [{ alertId, groupKey }] : [];
    });
  }

  #note({ fingerprint, ruleId, labels, state, open, reason }: Instance): void {
    const before = this.#known.get(fingerprint) ?? UNKNOWN;
    this.#known.set(fingerprint, { state, open });
    const to = before.open && !open ? 'resolved' : state;
    if (before.state === state && to !== 'resolved') return;
    const shown = Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
    const t = seconds(this.#elapsed());
    this.states.push({ t, rule: this.#nameOf(ruleId), labels: shown, from: before.state, to, reason });
  }
}
