import { z } from 'zod';
import type { Secret } from '../../../../lib/secret.ts';
import { commonKeys, type MonitorBase } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

/** A WebSocket that must open, and may have to answer. */
export interface WebsocketMonitorConfig extends MonitorBase {
  kind: 'websocket';
  headers: Readonly<Record<string, Secret>>;
  /** Sent as a text message. */
  send: string | null;
  /** Must occur in one of the messages that come. */
  expect: string | null;
}

/** An item of `monitors:` of kind websocket, as written. */
export const websocketMonitorShape = z.strictObject({
  ...commonKeys,
  kind: z.literal('websocket'),
  url: z.string().describe('ws or wss address'),
  headers: z.record(z.string(), z.string()).optional().describe('Sent with the request to open it'),
  send: z.string().optional().describe('Sent as a text message'),
  expect: z.string().min(1).optional().describe('Must occur in one of the messages that come'),
});

export function compileWebsocket(
  raw: z.infer<typeof websocketMonitorShape>,
  compiler: MonitorCompiler,
): WebsocketMonitorConfig {
  const headers = compiler.secrets(raw.headers, ['headers']);
  return {
    kind: 'websocket',
    ...compiler.base(raw, compiler.address(raw.url, ['url'], ['ws:', 'wss:'])),
    headers,
    send: raw.send ?? null,
    expect: raw.expect ?? null,
  };
}
