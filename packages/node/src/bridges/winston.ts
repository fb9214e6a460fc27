import { Writable } from 'node:stream';
import type { Level } from '@yumops/protocol';
import { pipeline } from '../runtime/pipeline.ts';

const LEVEL = Symbol.for('level');

/** Levels of winston's npm and syslog sets that have another name here. */
const NAMES: Readonly<Record<string, Level>> = {
  silly: 'trace',
  verbose: 'debug',
  http: 'info',
  notice: 'info',
  warning: 'warn',
  crit: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
};
const OWN: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

/** Time to deliver what waits when the logger ends, milliseconds. */
const LIMIT = 3_000;

/** What winston hands to its transports. */
interface Info {
  level: string;
  message?: unknown;
  timestamp?: unknown;
  [LEVEL]?: string;
  [field: string]: unknown;
}

interface WinstonLogger {
  level?: string;
  levels?: Readonly<Record<string, number>>;
}

export interface WinstonTransportOptions {
  /** Least level that is sent; default that of the logger. */
  level?: string;
  silent?: boolean;
}

function levelOf(name: string): Level {
  return OWN.has(name) ? (name as Level) : (NAMES[name] ?? 'info');
}

function timeOf(given: unknown): number {
  const time = typeof given === 'string' || given instanceof Date ? new Date(given).getTime() : Number.NaN;
  return Number.isFinite(time) ? time : Date.now();
}

/** A transport for winston: `createLogger({ transports: [new WinstonTransport()] })`. Lines carry the request in which they are written. */
export class WinstonTransport extends Writable {
  readonly level?: string;
  readonly silent: boolean;
  #logger: WinstonLogger | undefined;

  constructor(options: WinstonTransportOptions = {}) {
    super({ objectMode: true });
    if (options.level !== undefined) {
      this.level = options.level;
    }
    this.silent = options.silent ?? false;
    this.once('pipe', (logger: unknown) => {
      this.#logger = logger as WinstonLogger;
    });
  }

  /** Takes one record; what winston's loggers call. */
  log(info: Info, next: () => void): void {
    if (!this.silent && this.#wants(info[LEVEL] ?? info.level)) {
      const { level, message, timestamp, ...fields } = info;
      const text = typeof message === 'string' ? message : '';
      const given = typeof message === 'object' && message !== null ? { ...message, ...fields } : fields;
      pipeline().telemetry.foreign(levelOf(info[LEVEL] ?? level), timeOf(timestamp), text, given);
    }
    next();
  }

  override _write(info: Info, _encoding: string, done: () => void): void {
    this.log(info, done);
  }

  override _final(done: () => void): void {
    void pipeline()
      .flush(LIMIT)
      .then(() => done());
  }

  /** A lower number is more severe. */
  #wants(level: string): boolean {
    const least = this.level ?? this.#logger?.level;
    const levels = this.#logger?.levels;
    if (least === undefined || levels?.[least] === undefined || levels[level] === undefined) {
      return true;
    }
    return levels[least] >= levels[level];
  }
}
