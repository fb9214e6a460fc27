import { z } from 'zod';
import { commonKeys, hostKey, type MonitorBase, portShape } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

/** A certificate that must be trusted and last for a while. */
export interface TlsMonitorConfig extends MonitorBase {
  kind: 'tls';
  host: string;
  port: number;
  /** Fewer days left than this is degraded. */
  days: number;
  /** Certificates in PEM that are trusted beside the public roots. */
  ca: readonly string[];
}

/** An item of `monitors:` of kind tls, as written. */
export const tlsMonitorShape = z.strictObject({
  ...commonKeys,
  ...hostKey,
  kind: z.literal('tls'),
  port: portShape.optional().describe('Port to connect to, default 443'),
  days: z.int().positive().optional().describe('Fewer days left than this is degraded, default 14'),
  ca: z.string().optional().describe('Further certificates to trust, PEM or file:PATH'),
});

export function compileTls(raw: z.infer<typeof tlsMonitorShape>, compiler: MonitorCompiler): TlsMonitorConfig {
  const host = compiler.host(raw.host);
  const port = raw.port ?? 443;
  const ca = raw.ca === undefined ? [] : [compiler.secret(raw.ca, ['ca']).reveal()];
  return { kind: 'tls', ...compiler.hostBase(raw, 'tls', host, port), host, port, days: raw.days ?? 14, ca };
}
