import { z } from 'zod';
import { commonKeys, hostKey, type MonitorBase } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

/** A machine that must answer echo requests. */
export interface PingMonitorConfig extends MonitorBase {
  kind: 'ping';
  host: string;
}

/** An item of `monitors:` of kind ping, as written. */
export const pingMonitorShape = z.strictObject({ ...commonKeys, ...hostKey, kind: z.literal('ping') });

export function compilePing(raw: z.infer<typeof pingMonitorShape>, compiler: MonitorCompiler): PingMonitorConfig {
  const host = compiler.host(raw.host);
  return { kind: 'ping', ...compiler.hostBase(raw, 'ping', host), host };
}
