import type { MonitorKind } from '../kind.ts';
import { runPing } from './run.ts';

/** A machine that answers echo requests. */
export const pingKind: MonitorKind<'ping'> = {
  run: (monitor, context) => runPing(monitor, context),
  describe: ({ host }) => [`${host} answers echo requests`],
};
