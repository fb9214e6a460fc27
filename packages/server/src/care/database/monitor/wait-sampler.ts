import type { Clock } from '../../../lib/clock.ts';
import type { TelemetryWriter } from '../../../lib/telemetry.ts';
import type { Remark } from '../finding.ts';
import type { MonitoredDatabase } from '../monitored-database.ts';
import type { Thresholds } from '../thresholds.ts';
import { JUDGED_MS, judgeWaits, WAITS_SQL, type WaitInterval, type WaitSample, WaitTally } from './waits.ts';

/** Seconds that one sample stands for at most: nobody looked meanwhile. */
const LONGEST_STEP = 15;
/** Rows of an interval that are kept: those that took the most time. */
const KEPT = 100;

/** Looks again and again at what the sessions of one database wait for. */
export class WaitSampler {
  readonly #name: string;
  readonly #service: string;
  readonly #writer: TelemetryWriter;
  readonly #clock: Clock;
  readonly #thresholds: Thresholds;
  readonly #tally = new WaitTally();
  /** Monotonic milliseconds of the last look. */
  #looked: number | undefined;
  /** Seconds that were seen since the last interval was written. */
  #seen = 0;
  #history: WaitInterval[] = [];

  constructor(options: {
    name: string;
    service: string;
    writer: TelemetryWriter;
    clock: Clock;
    thresholds: Thresholds;
  }) {
    this.#name = options.name;
    this.#service = options.service;
    this.#writer = options.writer;
    this.#clock = options.clock;
    this.#thresholds = options.thresholds;
  }

  /** Takes one sample. The first only starts the clock. */
  async look(db: MonitoredDatabase): Promise<void> {
    const samples = await db.query<WaitSample>(WAITS_SQL);
    const now = this.#clock.monotonic();
    const before = this.#looked;
    this.#looked = now;
    if (before === undefined) return;
    const seconds = Math.min(LONGEST_STEP, (now - before) / 1_000);
    this.#seen += seconds;
    this.#tally.add(samples, seconds);
  }

  /**
   * Writes what was sampled since the last time as rows of `database_waits`.
   * @returns events for which many sessions wait
   */
  async write(): Promise<Remark[]> {
    const at = this.#clock.now();
    const times = this.#tally.take();
    const kept = this.#history.filter((interval) => interval.at > at - JUDGED_MS);
    this.#history = [...kept, { at, length: this.#seen, times }];
    this.#seen = 0;
    if (times.length > 0) {
      const origin = { timestamp: at, id: '', project: '', service: this.#service, environment: '', release: '' };
      await this.#writer.append(
        'database_waits',
        times.slice(0, KEPT).map(({ type, event, queryId, query, seconds }) => ({
          ...origin,
          database: this.#name,
          waitType: type,
          waitEvent: event,
          queryId: queryId ?? '',
          query,
          seconds,
        })),
      );
    }
    return judgeWaits(this.#history, at, this.#thresholds);
  }
}
