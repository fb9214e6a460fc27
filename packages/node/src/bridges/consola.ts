import type { Level } from '@yumops/protocol';
import { pipeline } from '../runtime/pipeline.ts';
import { split } from './arguments.ts';

/** What consola hands to its reporters. */
export interface ConsolaRecord {
  level: number;
  /** The method that was called: `info`, `success`, `fail` and so on. */
  type: string;
  tag?: string;
  args: readonly unknown[];
  date: Date;
  [field: string]: unknown;
}

/** By consola's numbers; `fatal` has that of `error`. */
const LEVELS: readonly Level[] = ['error', 'warn', 'info', 'info', 'debug', 'trace'];
const OWN: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'log', 'warn', 'error', 'fatal', 'verbose']);

function levelOf(type: string, level: number): Level {
  return type === 'fatal' ? 'fatal' : (LEVELS[Math.max(0, Math.min(level, LEVELS.length - 1))] ?? 'info');
}

/**
 * A reporter for consola: `consola.addReporter(consolaReporter())`. Records carry the request and the trace in which they are written; `kind` is the
 * method where that names no level, such as `success`.
 */
export function consolaReporter(): { log(record: ConsolaRecord): void } {
  return {
    log: (record) => {
      try {
        take(record);
      } catch {
        // Nothing that is logged may break the application.
      }
    },
  };
}

function take({ level, type, tag, args, date, ...rest }: ConsolaRecord): void {
  const { message, fields } = split(args);
  const named = { ...(OWN.has(type) ? {} : { kind: type }), ...(tag ? { tag } : {}) };
  const given = Object.keys(rest).length === 0 && Object.keys(named).length === 0;
  pipeline().telemetry.foreign(
    levelOf(type, level),
    date.getTime(),
    message,
    given ? fields : { ...rest, ...readable(fields), ...named },
  );
}

/** The fields as they are, or that they cannot be read: a getter may throw. */
function readable(fields: object): object {
  try {
    return { ...fields };
  } catch {
    return { args: [fields] };
  }
}
