import { pipeline } from '../runtime/pipeline.ts';
import { shared } from '../runtime/shared.ts';
import { split } from './arguments.ts';
import { type ConsoleMethod, watchConsole } from './watch-console.ts';

export interface CaptureConsoleOptions {
  /** Methods that are recorded; default all: `debug`, `log`, `info`, `warn`, `error`. */
  methods?: readonly ConsoleMethod[];
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
  const stop = watchConsole((method, args) => {
    const { message, fields } = split(args);
    pipeline().telemetry.foreign(method === 'log' ? 'info' : method, Date.now(), message, fields);
  }, options.methods);
  current.restore = () => {
    stop();
    current.restore = undefined;
  };
  return current.restore;
}
