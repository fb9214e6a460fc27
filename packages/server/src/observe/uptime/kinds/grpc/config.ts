import { z } from 'zod';
import { commonKeys, hostKey, type MonitorBase, portShape } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

/** A gRPC server that must say of a service that it is serving. */
export interface GrpcMonitorConfig extends MonitorBase {
  kind: 'grpc';
  host: string;
  port: number;
  /** Empty = the server as a whole. */
  service: string;
  tls: boolean;
  /** Certificates in PEM that are trusted beside the public roots. */
  ca: readonly string[];
}

/** An item of `monitors:` of kind grpc, as written. */
export const grpcMonitorShape = z.strictObject({
  ...commonKeys,
  ...hostKey,
  kind: z.literal('grpc'),
  port: portShape.describe('Port to connect to'),
  service: z.string().optional().describe('Service that is asked for, default the server as a whole'),
  tls: z.boolean().optional().describe('True = over TLS with a trusted certificate'),
  ca: z.string().optional().describe('Further certificates to trust, PEM or file:PATH'),
});

export function compileGrpc(raw: z.infer<typeof grpcMonitorShape>, compiler: MonitorCompiler): GrpcMonitorConfig {
  const host = compiler.host(raw.host);
  const ca = raw.ca === undefined ? [] : [compiler.secret(raw.ca, ['ca']).reveal()];
  return {
    kind: 'grpc',
    ...compiler.hostBase(raw, 'grpc', host, raw.port),
    host,
    port: raw.port,
    service: raw.service ?? '',
    tls: raw.tls ?? false,
    ca,
  };
}
