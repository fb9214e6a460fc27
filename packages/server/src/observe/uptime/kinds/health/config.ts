import { z } from 'zod';
import type { Secret } from '../../../../lib/secret.ts';
import { commonKeys, type MonitorBase, urlKey } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

/** A monitor that reads an application's detailed health report. */
export interface HealthMonitorConfig extends MonitorBase {
  kind: 'health';
  /** Sent as `Authorization: Bearer`; null = none. */
  token: Secret | null;
}

/** An item of `monitors:` of kind health, as written. */
export const healthMonitorShape = z.strictObject({
  ...commonKeys,
  ...urlKey,
  kind: z.literal('health'),
  token: z.string().optional().describe('Sent as Authorization: Bearer; use an environment reference or file:PATH'),
});

export function compileHealth(raw: z.infer<typeof healthMonitorShape>, compiler: MonitorCompiler): HealthMonitorConfig {
  const token = compiler.optionalSecret(raw.token, ['token']);
  return { kind: 'health', ...compiler.base(raw, compiler.address(raw.url, ['url'])), token };
}
