import { z } from 'zod';
import { commonKeys, hostKey, type MonitorBase, portShape } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

/** A port that must accept connections, and may have to say something. */
export interface TcpMonitorConfig extends MonitorBase {
  kind: 'tcp';
  host: string;
  port: number;
  /** Sent after connecting. */
  send: string | null;
  /** Must occur in what the server says. */
  expect: string | null;
}

/** An item of `monitors:` of kind tcp, as written. */
export const tcpMonitorShape = z.strictObject({
  ...commonKeys,
  ...hostKey,
  kind: z.literal('tcp'),
  port: portShape.describe('Port to connect to'),
  send: z.string().optional().describe('Sent after connecting'),
  expect: z.string().min(1).optional().describe('Must occur in what the server says'),
});

export function compileTcp(raw: z.infer<typeof tcpMonitorShape>, compiler: MonitorCompiler): TcpMonitorConfig {
  const host = compiler.host(raw.host);
  const base = compiler.hostBase(raw, 'tcp', host, raw.port);
  return { kind: 'tcp', ...base, host, port: raw.port, send: raw.send ?? null, expect: raw.expect ?? null };
}
