import { shared } from './shared.ts';

/** What has to leave the process before it ends. */
export interface Flushable {
  flush(timeoutMs: number): Promise<boolean>;
  /** As far as it can be done without the event loop. */
  flushSync(): void;
  deliverSync(timeoutMs: number): boolean;
  /** Says on stderr what could not be delivered. */
  giveUp(): void;
  /** Lines that wait for delivery. */
  pending(): number;
  /** Records the exception that ends the process. */
  crashed(error: unknown): void;
}

const LIMIT = 3000;

/**
 * Delivers what is pending when the process ends: an empty event loop, SIGTERM, SIGINT, an uncaught exception, `process.exit`.
 * Ends are only delayed, up to 3 s, never prevented: without other listeners the signal is raised again and the exception thrown again.
 */
export function watchProcessEnd(target: Flushable): void {
  shared('process-end', () => {
    flushBeforeExit(target);
    flushOnSignals(target);
    flushOnException(target);
    process.on('exit', () => {
      target.flushSync();
      target.deliverSync(LIMIT);
    });
    return true;
  });
}

function flushBeforeExit(target: Flushable): void {
  let tried = false;
  process.on('beforeExit', () => {
    if (target.pending() > 0 && !tried) {
      tried = true;
      void target.flush(LIMIT);
    }
  });
}

function flushOnSignals(target: Flushable): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    let stopping = false;
    const onSignal = async () => {
      if (!stopping) {
        stopping = true;
        await target.flush(LIMIT);
        target.flushSync();
      }
      if (process.listenerCount(signal) === 1) {
        process.off(signal, onSignal);
        target.giveUp();
        process.kill(process.pid, signal);
      }
    };
    process.on(signal, onSignal);
  }
}

function flushOnException(target: Flushable): void {
  const onException = async (error: unknown) => {
    try {
      target.crashed(error);
      target.flushSync();
      await target.flush(LIMIT);
    } catch {
      // The process ends by its own exception: one more would come here again, without end.
    }
    if (process.listenerCount('uncaughtException') === 1) {
      process.off('uncaughtException', onException);
      setImmediate(() => {
        throw error;
      });
    }
  };
  process.on('uncaughtException', onException);
}
