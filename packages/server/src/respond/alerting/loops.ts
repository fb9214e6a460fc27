import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Loop } from '../../lib/loop.ts';
import type { AlertEngine } from './engine.ts';

const RETRY_MS = 1_000;
/** Other instances may have put something into the outbox. */
const POLL_MS = 1_000;
/** While the alert path cannot run, one line in so many tries says so. */
const FAILURES_PER_LINE = 60;

/**
 * Runs an engine: evaluation in one loop, timers and deliveries in another, so that messages and escalations leave on
 * time while the telemetry store answers late or not at all.
 */
export class AlertLoops {
  readonly #leading: Loop;
  readonly #serving: Loop;

  constructor(engine: Pick<AlertEngine, 'lead' | 'serve' | 'now'>, clock: Clock, log: Log) {
    const loopOf = (work: () => Promise<number>) =>
      new Loop(
        clock,
        async () => Math.min((await work()) - engine.now(), POLL_MS),
        (error, failures) => {
          if (failures % FAILURES_PER_LINE === 1) {
            log.error('the alert path cannot run; it goes on trying', { error: messageOf(error), failures });
          }
          return RETRY_MS;
        },
      );
    this.#serving = loopOf(() => engine.serve());
    this.#leading = loopOf(async () => {
      const next = await engine.lead();
      this.#serving.wake();
      return next;
    });
  }

  start(): void {
    this.#leading.start();
    this.#serving.start();
  }

  /** Something may be due now. */
  wake(): void {
    this.#leading.wake();
    this.#serving.wake();
  }

  /** There may be something to evaluate now. */
  wakeLeading(): void {
    this.#leading.wake();
  }

  /** A message may be due now. */
  wakeServing(): void {
    this.#serving.wake();
  }

  /** No further run begins; resolves when the last ones have ended. */
  async stop(): Promise<void> {
    await Promise.all([this.#leading.stop(), this.#serving.stop()]);
  }
}
