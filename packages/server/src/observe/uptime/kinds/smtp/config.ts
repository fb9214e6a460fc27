import { z } from 'zod';
import type { Secret } from '../../../../lib/secret.ts';
import { commonKeys, hostKey, type MonitorBase, portShape } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

/** A mail server that must greet, and may have to offer TLS and to accept a login. */
export interface SmtpMonitorConfig extends MonitorBase {
  kind: 'smtp';
  host: string;
  port: number;
  /** TLS before (`implicit`) or after (`starttls`) the greeting. */
  security: 'none' | 'starttls' | 'implicit';
  login: { username: string; password: Secret } | null;
  /** Certificates in PEM that are trusted beside the public roots. */
  ca: readonly string[];
}

/** An item of `monitors:` of kind smtp, as written. */
export const smtpMonitorShape = z.strictObject({
  ...commonKeys,
  ...hostKey,
  kind: z.literal('smtp'),
  port: portShape.optional().describe('Port to connect to, default 25'),
  starttls: z.boolean().optional().describe('True = the server must offer STARTTLS with a trusted certificate'),
  tls: z.boolean().optional().describe('True = TLS from the first byte, as on port 465'),
  auth: z
    .strictObject({ username: z.string(), password: z.string() })
    .optional()
    .describe('A login that the server must accept; needs starttls or tls unless the host is this machine'),
  ca: z.string().optional().describe('Further certificates to trust, PEM or file:PATH'),
});

export function compileSmtp(raw: z.infer<typeof smtpMonitorShape>, compiler: MonitorCompiler): SmtpMonitorConfig {
  if (raw.starttls && raw.tls) {
    const message = 'TLS is either there from the first byte or begun with STARTTLS';
    compiler.report({ code: 'E109', path: ['starttls'], message, suggestion: 'remove starttls or tls' });
  }
  const host = compiler.host(raw.host);
  const port = raw.port ?? 25;
  const login = raw.auth && {
    username: raw.auth.username,
    password: compiler.secret(raw.auth.password, ['auth', 'password']),
  };
  const ca = raw.ca === undefined ? [] : [compiler.secret(raw.ca, ['ca']).reveal()];
  const starttls = raw.starttls ? 'starttls' : 'none';
  return {
    kind: 'smtp',
    ...compiler.hostBase(raw, 'smtp', host, port),
    host,
    port,
    security: raw.tls ? 'implicit' : starttls,
    login: login ?? null,
    ca,
  };
}
