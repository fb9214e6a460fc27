import {
  type AlertStore,
  type Change,
  type Decision,
  type Instance,
  type Lease,
  MONITOR_RULE_ID,
  type RuleStatus,
} from '../alerting/index.ts';
import { type StateChange, seconds } from './report.ts';

/** What was last written of an instance. */
type Known = Pick<Instance, 'state' | 'open'>;

const UNKNOWN: Known = { state: 'inactive', open: false };

/** Notes every change of state that is written to a store. */
export class StateRecorder {
  readonly states: StateChange[] = [];
  readonly #known = new Map<string, Known>();
  readonly #elapsed: () => number;
  readonly #nameOf: (ruleId: string) => string;
  readonly #monitorOf: (id: string) => string;

  /**
   * @param elapsed ms from the start of the scenario
   * @param nameOf the name of a rule by its id
   * @param monitorOf the name of a monitor by its id
   */
  constructor(elapsed: () => number, nameOf: (ruleId: string) => string, monitorOf: (id: string) => string) {
    this.#elapsed = elapsed;
    this.#nameOf = nameOf;
    this.#monitorOf = monitorOf;
  }

  /** The same store; what is written to it is noted. */
  over(store: AlertStore): AlertStore {
    const saveEvaluation = async (lease: Lease, statuses: readonly RuleStatus[], instances: readonly Instance[]) => {
      await store.saveEvaluation(lease, statuses, instances);
      for (const instance of instances) this.#note(instance);
    };
    const changeAll: AlertStore['changeAll'] = async (wanted, sender) => {
      const changed = await store.changeAll(wanted, sender);
      for (const [index, { instances }] of wanted.entries()) {
        for (const instance of instances) this.#note(instance);
        const decision = changed.decisions[index];
        if (decision) this.#noteDecision(decision);
      }
      return changed;
    };
    const change = async (wanted: Change) => (await changeAll([wanted])).decisions[0] as Decision;
    const own: Partial<AlertStore> = { saveEvaluation, change, changeAll };
    return new Proxy(store, {
      get(target, name: keyof AlertStore) {
        const value = own[name] ?? target[name];
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** Pushed alerts have no instance: their changes are those of the alert itself. */
  #noteDecision({ state, timeline }: Decision): void {
    for (const { alertId, from, to, reason } of timeline) {
      const alert = state.alerts.get(alertId);
      if (from === null || to === null || alert?.origin !== 'pushed') continue;
      this.states.push({ t: seconds(this.#elapsed()), rule: alert.rule, labels: alert.labels, from, to, reason });
    }
  }

  #note({ fingerprint, ruleId, labels, state, open, reason }: Instance): void {
    const before = this.#known.get(fingerprint) ?? UNKNOWN;
    this.#known.set(fingerprint, { state, open });
    const to = before.open && !open ? 'resolved' : state;
    if (before.state === state && to !== 'resolved') return;
    const t = seconds(this.#elapsed());
    const shown = this.#shown(ruleId, labels);
    this.states.push({ t, rule: this.#nameOf(ruleId), labels: shown, from: before.state, to, reason });
  }

  /** Labels as messages have them: without empty ones, and with the name of the monitor. */
  #shown(ruleId: string, labels: Instance['labels']): StateChange['labels'] {
    const named = Object.entries(labels).filter(([, value]) => value !== '');
    const isOfMonitor = ruleId === MONITOR_RULE_ID;
    return Object.fromEntries(
      named.map(([name, value]) => [name, isOfMonitor && name === 'monitor' ? this.#monitorOf(value) : value]),
    );
  }
}
