import { pipeline } from '../runtime/pipeline.ts';
import { coreOf, type LoggerOptions } from './core.ts';
import { Logger } from './logger.ts';
import { LazySinks } from './sink.ts';

/**
 * A logger on the process-wide sinks: stdout, and YumOps when `YUMOPS_URL` is set. Options win over the environment, which is
 * read when the first record is written. What sinks of its own hold leaves the process at its end too.
 */
export function createLogger(options: Partial<LoggerOptions> = {}): Logger {
  return new Logger(() => {
    const { settings, redact, sampling, drops, attach } = pipeline();
    const core = coreOf(
      {
        service: settings.service,
        environment: settings.environment,
        release: settings.release,
        level: settings.level,
        sampling,
        sinks: [new LazySinks(() => pipeline().sinks, false)],
        ...options,
        redact: { ...redact, ...options.redact },
      },
      drops,
    );
    attach({ sinks: options.sinks ?? [], guard: core.guard });
    return core;
  });
}

/** The logger of the application, configured by the environment. */
export const logger: Logger = createLogger();
