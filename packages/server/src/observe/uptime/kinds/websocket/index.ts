import type { MonitorKind } from '../kind.ts';
import { runWebsocket } from './run.ts';

/** A WebSocket that opens, and answers where something is expected. */
export const websocketKind: MonitorKind<'websocket'> = {
  run: runWebsocket,
  describe: ({ expect }) => ['opens', ...(expect === null ? [] : [`says ${JSON.stringify(expect)}`])],
};
