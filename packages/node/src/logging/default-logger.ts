import { pipeline } from '../runtime/pipeline.ts';
import { Logger, type LoggerOptions, type Sink } from './logger.ts';

/** Hands lines to the process-wide sinks, which are built when the first line comes. */
class PipelineSink implements Sink {
  #sinks: readonly Sink[] | undefined;

  get #targets(): readonly Sink[] {
    this.#sinks ??= pipeline().sinks;
    return this.#sinks;
  }

  write(level: number, line: string, worth?: number): void {
    for (const sink of this.#targets) {
      sink.write(level, line, worth);
    }
  }

  async flush(timeoutMs: number): Promise<boolean> {
    return (await Promise.all(this.#targets.map((sink) => sink.flush(timeoutMs)))).every(Boolean);
  }

  close(timeoutMs: number): Promise<boolean> {
    return this.flush(timeoutMs);
  }
}

/**
 * A logger on the process-wide sinks: stdout, and YumOps when `YUMOPS_URL` is set. Options win over the environment, which is
 * read when the first record is written.
 */
export function createLogger(options: Partial<LoggerOptions> = {}): Logger {
  return new Logger(() => {
    const { settings, redact } = pipeline();
    return {
      service: settings.service,
      environment: settings.environment,
      release: settings.release,
      level: settings.level,
      sinks: [new PipelineSink()],
      ...options,
      redact: { ...redact, ...options.redact },
    };
  });
}

/** The logger of the application, configured by the environment. */
export const logger: Logger = createLogger();
