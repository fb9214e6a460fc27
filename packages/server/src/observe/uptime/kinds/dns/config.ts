import { isIP } from 'node:net';
import { z } from 'zod';
import { commonKeys, hostKey, type MonitorBase } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

export const RECORD_TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

/** A name that a name server must know. */
export interface DnsMonitorConfig extends MonitorBase {
  kind: 'dns';
  host: string;
  record: RecordType;
  /** The name server to ask; null = those of the system. */
  resolver: { host: string; port: number } | null;
  /** Each of these must be among the records. */
  expect: readonly string[];
}

/** An item of `monitors:` of kind dns, as written. */
export const dnsMonitorShape = z.strictObject({
  ...commonKeys,
  ...hostKey,
  kind: z.literal('dns'),
  record: z.enum(RECORD_TYPES).optional().describe('Type of the records, default A'),
  resolver: z.string().min(1).optional().describe('Name server as host or host:port, default those of the system'),
  expect: z
    .array(z.string().min(1))
    .optional()
    .describe('Each must be among the records: an address, "10 mail.example.com" of MX, a text'),
});

export function compileDns(raw: z.infer<typeof dnsMonitorShape>, compiler: MonitorCompiler): DnsMonitorConfig {
  const host = compiler.host(raw.host);
  const resolver = raw.resolver === undefined ? null : readResolver(raw.resolver, compiler);
  return {
    kind: 'dns',
    ...compiler.hostBase(raw, 'dns', host),
    host,
    record: raw.record ?? 'A',
    resolver,
    expect: raw.expect ?? [],
  };
}

function readResolver(text: string, { report }: MonitorCompiler): DnsMonitorConfig['resolver'] {
  if (isIP(text) === 6) return { host: text, port: 53 };
  const [, host = '', port] = /^(\[[0-9a-f:.]+\]|[^\s:/@]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  if (host !== '') return { host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? 53) };
  const suggestion = 'write for example 127.0.0.1:5353';
  report({ code: 'E103', path: ['resolver'], message: `"${text}" is not a name server`, suggestion });
  return null;
}
