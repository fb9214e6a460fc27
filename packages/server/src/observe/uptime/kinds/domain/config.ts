import { z } from 'zod';
import { commonKeys, hostKey, type MonitorBase } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

/** A domain whose registration must not run out. */
export interface DomainMonitorConfig extends MonitorBase {
  kind: 'domain';
  host: string;
  /** Base of the registration data service: `/domain/NAME` follows. */
  rdap: string;
  /** Fewer days left than this is degraded. */
  days: number;
}

/** Finds the registry of a domain and redirects to it. */
const DEFAULT_RDAP = 'https://rdap.org';

/** Registrations change slowly, and registries refuse those who ask often. */
const DEFAULT_INTERVAL = '6h';

/** An item of `monitors:` of kind domain, as written. */
export const domainMonitorShape = z.strictObject({
  ...commonKeys,
  ...hostKey,
  kind: z.literal('domain'),
  rdap: z.string().optional().describe('Base of the RDAP service of the registry, default https://rdap.org'),
  days: z.int().positive().optional().describe('Fewer days left than this is degraded, default 30'),
});

export function compileDomain(raw: z.infer<typeof domainMonitorShape>, compiler: MonitorCompiler): DomainMonitorConfig {
  const host = compiler.host(raw.host);
  const { target: rdap } = compiler.address(raw.rdap ?? DEFAULT_RDAP, ['rdap']);
  const base = compiler.hostBase({ check_interval: DEFAULT_INTERVAL, ...raw }, 'domain', host);
  return { kind: 'domain', ...base, host, rdap, days: raw.days ?? 30 };
}
