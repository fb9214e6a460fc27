import { onRequestEnd, type RequestOutcome } from '../runtime/request-ends.ts';

const MINUTE = 60_000;

/** Counts of one minute, as the protocol has them. */
export interface SessionAggregate {
  started: string;
  exited: number;
  errored: number;
  crashed: number;
}

/** Counts requests by the minute and how they went, for the crash-free rate of a release. */
export class SessionCounts {
  readonly #minutes = new Map<number, Record<RequestOutcome, number>>();
  /** All that were ever counted. */
  total = 0;

  add(outcome: RequestOutcome, now: number): void {
    const minute = now - (now % MINUTE);
    const counts = this.#minutes.get(minute) ?? { exited: 0, errored: 0, crashed: 0 };
    counts[outcome]++;
    this.#minutes.set(minute, counts);
    this.total++;
  }

  /** What was counted since the last call. */
  take(): SessionAggregate[] {
    const taken = [...this.#minutes].map(([minute, counts]) => ({
      started: new Date(minute).toISOString(),
      ...counts,
    }));
    this.#minutes.clear();
    return taken;
  }
}

/** Counts the requests of this process and sends the counts every minute. */
export class SessionTracking {
  readonly #counts = new SessionCounts();
  readonly #send: (aggregates: SessionAggregate[]) => void;
  readonly #timer: NodeJS.Timeout;
  #crashed = false;

  constructor(send: (aggregates: SessionAggregate[]) => void) {
    this.#send = send;
    this.#timer = setInterval(() => this.flush(), MINUTE);
    this.#timer.unref();
    onRequestEnd((outcome) => this.#counts.add(outcome, Date.now()));
  }

  /** The process ends by an error that nobody caught; once, though the error is thrown again after the last delivery. */
  crashed(): void {
    if (this.#crashed) return;
    this.#crashed = true;
    this.#counts.add('crashed', Date.now());
  }

  /** The process has nothing left to do: where no request came, it is itself the one session. */
  ended(): void {
    if (this.#counts.total === 0) this.#counts.add('exited', Date.now());
    this.flush();
  }

  flush(): void {
    const aggregates = this.#counts.take();
    if (aggregates.length > 0) this.#send(aggregates);
  }

  stop(): void {
    clearInterval(this.#timer);
    onRequestEnd(undefined);
    this.flush();
  }
}
