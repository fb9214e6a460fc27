import type { Level } from '@yumops/protocol';
import { pipeline } from '../runtime/pipeline.ts';
import { shared } from '../runtime/shared.ts';
import { split } from './arguments.ts';

const METHODS = { debug: 'debug', log: 'info', info: 'info', warn: 'warn', error: 'error' } as const;
type Method = keyof typeof METHODS;

export interface CaptureConsoleOptions {
  /** Methods that are recorded; default all: `debug`, `log`, `info`, `warn`, `error`. */
  methods?: readonly Method[];
}

/** The capture of this process: while one runs, another begins nothing. */
const state = () => shared<{ restore: (() => void) | undefined }>('console', () => ({ restore: undefined }));

/**
 * Also sends to YumOps what is written with `console.log` and its like; the console itself shows it as before. Off until it is called.
 * @returns ends it
 */
export function captureConsole(options: CaptureConsoleOptions = {}): () => void {
  const current = state();
  if (current.restore !== undefined) {
    return current.restore;
  }
  const wanted = options.methods ?? (Object.keys(METHODS) as Method[]);
  const originals = wanted.map((method) => [method, console[method]] as const);
  let recording = false;
  for (const [method, original] of originals) {
    const level: Level = METHODS[method];
    console[method] = (...args: unknown[]) => {
      original.apply(console, args);
      // What a getter or the SDK itself says in the meantime is no record of the application.
      if (recording) {
        return;
      }
      recording = true;
      try {
        const { message, fields } = split(args);
        pipeline().telemetry.foreign(level, Date.now(), message, fields);
      } catch {
        // Nothing that is logged may break the application.
      } finally {
        recording = false;
      }
    };
  }
  current.restore = () => {
    for (const [method, original] of originals) {
      console[method] = original;
    }
    current.restore = undefined;
  };
  return current.restore;
}
