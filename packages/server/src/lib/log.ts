import type { Clock } from './clock.ts';

/** What the reader must do decides the level: `error` = act now, `warn` = look soon, `info` = nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The platform's own log. Fields are plain values; secrets never go in. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  /** The same log with a component name on every line. */
  child(component: string): Log;
}

const ORDER: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 };

/** A log that writes one JSON object a line to `write`. */
export function createLog(
  clock: Clock,
  write: (line: string) => void,
  level: LogLevel = 'info',
  component = 'yumops',
): Log {
  const emit = (at: LogLevel, message: string, fields?: Record<string, unknown>) => {
    if (ORDER[at] < ORDER[level]) return;
    write(
      `${JSON.stringify({ timestamp: new Date(clock.now()).toISOString(), level: at, component, message, ...fields })}\n`,
    );
  };
  return {
    debug: (message, fields) => emit('debug', message, fields),
    info: (message, fields) => emit('info', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    error: (message, fields) => emit('error', message, fields),
    child: (name) => createLog(clock, write, level, name),
  };
}
