import { Writable } from 'node:stream';
import type { Level } from '@yumops/protocol';
import { pipeline } from '../runtime/pipeline.ts';
import { currentScope } from '../runtime/scope.ts';

/** Levels by their tens; numbers between belong to the lower one. */
const LEVELS: readonly Level[] = ['trace', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** Time to deliver what waits when the stream ends, milliseconds. */
const LIMIT = 3_000;

interface PinoLine {
  level?: unknown;
  time?: unknown;
  msg?: unknown;
  err?: unknown;
  [field: string]: unknown;
}

function levelOf(given: unknown): Level {
  if (typeof given === 'string') {
    return LEVELS.find((level) => level === given) ?? 'info';
  }
  const tens = Math.floor(Number(given) / 10);
  return LEVELS[Math.max(0, Math.min(tens, LEVELS.length - 1))] ?? 'info';
}

/** Milliseconds since the epoch; pino writes those, or ISO text where it is told so. */
function timeOf(given: unknown): number {
  const time = typeof given === 'string' ? Date.parse(given) : Number(given);
  return Number.isFinite(time) ? time : Date.now();
}

/** What pino's serializer makes of an error, in the form that this SDK uses. */
function errorOf(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || !('stack' in given)) {
    return given;
  }
  const { type, ...rest } = given as { type?: unknown };
  return { name: type, ...rest };
}

function take(line: string): void {
  let record: PinoLine;
  try {
    record = JSON.parse(line) as PinoLine;
  } catch {
    pipeline().telemetry.foreign('info', Date.now(), line, {});
    return;
  }
  const { level, time, msg, err, ...fields } = record;
  const error = err === undefined ? {} : { error: errorOf(err) };
  pipeline().telemetry.foreign(levelOf(level), timeOf(time), typeof msg === 'string' ? msg : '', {
    ...fields,
    ...error,
  });
}

/**
 * A destination for pino in the process itself: `pino(pinoDestination())`, or beside stdout with `pino.multistream`. Lines carry the
 * request and the trace in which they are written.
 */
export function pinoDestination(): { write(line: string): void } {
  return { write: take };
}

/** For `pino({ mixin: pinoMixin })` with the transport in a worker thread, which does not see the request: adds its ids to each line. */
export function pinoMixin(): Record<string, unknown> {
  const { requestId, traceId, spanId } = currentScope()?.fields ?? {};
  return requestId === undefined && traceId === undefined ? {} : { requestId, traceId, spanId };
}

/** The transport for `pino.transport({ target: '@yumops/node/pino' })`, which pino runs in a worker thread. */
export default function pinoTransport(): Writable {
  let rest = '';
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line !== '') {
          take(line);
        }
      }
      done();
    },
    final(done) {
      if (rest !== '') {
        take(rest);
      }
      void pipeline()
        .flush(LIMIT)
        .then(() => done());
    },
  });
}
