import { z } from 'zod';
import type { Report } from '../../lib/finding.ts';
import { durationShape, readDuration } from '../../lib/section.ts';
import { isNetwork } from './address.ts';
import type { SlowGuessing } from './detect/limits.ts';

/** `security:` as written. */
export const securityShape = z.strictObject({
  allow: z.array(z.string().min(1)).optional().describe('Addresses and networks that are never shut out'),
  block_for: durationShape.optional().describe('How long a block lasts after the last attempt, default 1h'),
  slow_guessing: z
    .strictObject({
      failures: z.number().int().min(5).max(1_000).optional().describe('Default 20'),
      within: durationShape.optional().describe('Default 24h'),
    })
    .optional()
    .describe('Guessing so slow that no hour shows it'),
});

/** How attacks are found and answered. Times in milliseconds. */
export interface SecurityConfig {
  allow: readonly string[];
  blockForMs: number;
  slowGuessing: SlowGuessing;
}

const HOUR = 3_600_000;

/** Compiles `security:`; paths count from that key. */
export function compileSecurity(raw: z.infer<typeof securityShape>, report: Report): SecurityConfig {
  const allow = (raw.allow ?? []).filter((network, index) => {
    if (isNetwork(network)) return true;
    report({
      code: 'E103',
      path: ['allow', index],
      message: `"${network}" is neither an address nor a network`,
      suggestion: 'write for example 203.0.113.7 or 203.0.113.0/24',
    });
    return false;
  });
  return {
    allow,
    blockForMs: readDuration(raw.block_for, ['block_for'], report, 1_000) ?? HOUR,
    slowGuessing: {
      failures: raw.slow_guessing?.failures ?? 20,
      within: readDuration(raw.slow_guessing?.within, ['slow_guessing', 'within'], report, HOUR) ?? 24 * HOUR,
    },
  };
}
