import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Signals } from '../lib/signals.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import type { Alerting, MetricSource } from '../respond/alerting/index.ts';

const CHANNEL = 'yumops_counted';
/** Another instance is told at most this often. */
const TELL_EVERY_MS = 200;

/** What rules count by the table that its rows go to. */
const SOURCES: Readonly<Record<string, MetricSource>> = {
  logs: 'application_logs',
  request_rows: 'requests',
  outbound_rows: 'outbound_calls',
  check_results: 'checks',
  error_event_rows: 'error_events',
  web_vital_rows: 'web_vitals',
};

/** Tells the instance that evaluates the alert rules, this one or another, that rows can be counted. */
export class CountedRows {
  readonly #signals: Signals;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #waiting = new Set<MetricSource>();
  #alerting: Pick<Alerting, 'isLeader' | 'counted'> | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;
  #timed = false;

  constructor(signals: Signals, clock: Clock, log: Log) {
    this.#signals = signals;
    this.#clock = clock;
    this.#log = log;
  }

  /** Begins to tell. Before, nobody needs to know. */
  connect(alerting: Pick<Alerting, 'isLeader' | 'counted'>): void {
    this.#alerting = alerting;
    this.#signals.listen(CHANNEL, (text) => {
      if (alerting.isLeader()) alerting.counted(text.split(',') as MetricSource[]);
    });
  }

  /** The same store, which says of every insert that its rows are there. */
  watch(telemetry: Pick<TelemetryStore, 'insert'>): Pick<TelemetryStore, 'insert'> {
    return {
      insert: async (table, rows, options) => {
        await telemetry.insert(table, rows, options);
        const source = SOURCES[table];
        if (source !== undefined) this.#stored(source);
      },
    };
  }

  #stored(source: MetricSource): void {
    if (this.#alerting === null) return;
    if (this.#alerting.isLeader()) {
      this.#alerting.counted([source]);
      return;
    }
    this.#waiting.add(source);
    if (this.#timed) return;
    const wait = this.#toldAt + TELL_EVERY_MS - this.#clock.monotonic();
    if (wait <= 0) this.#tell();
    else {
      this.#timed = true;
      this.#clock.after(wait, () => this.#tell());
    }
  }

  #tell(): void {
    this.#timed = false;
    this.#toldAt = this.#clock.monotonic();
    const text = [...this.#waiting].join(',');
    this.#waiting.clear();
    this.#signals.send(CHANNEL, text).catch((error: unknown) => {
      this.#log.debug('The evaluating instance was not told of new rows', { reason: String(error) });
    });
  }
}
