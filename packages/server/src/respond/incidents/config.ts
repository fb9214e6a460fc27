import type { IncidentSeverity } from '@yumops/protocol';
import { z } from 'zod';
import { type Report, within } from '../../lib/finding.ts';
import { durationShape, listOf, readDuration, textsShape } from '../../lib/section.ts';
import { compileMatchers, type Matcher, type Receivers, type Target } from '../alerting/index.ts';

/** Alerts that become an incident. */
export interface DeclarePolicy {
  matchers: readonly Matcher[];
  /** Null = as the alert: critical, major for a warning, minor for information. */
  severity: IncidentSeverity | null;
  /** How long it must fire before, ms. */
  afterMs: number;
  /** Alerts with equal values of these labels are one incident. */
  by: readonly string[];
}

/** How incidents come about, and who is told of them. */
export interface IncidentsConfig {
  declare: readonly DeclarePolicy[];
  /** Where every step of an incident is told. */
  notify: readonly Target[];
  /** An alert that fires again so soon after the end opens the same incident again, ms. */
  reopenWithinMs: number;
}

const policyShape = z.strictObject({
  matchers: z.array(z.string()).min(1).describe('Conditions on labels, all of which hold: ["severity=critical"]'),
  severity: z
    .enum(['critical', 'major', 'minor'])
    .optional()
    .describe('Default: critical for a critical alert, major for a warning, minor for information'),
  after: durationShape.optional().describe('How long the alert must fire before, default 0s'),
  by: textsShape.optional().describe('Alerts with equal values of these labels are one incident, default service'),
});

export const incidentsShape = z.strictObject({
  declare: z.array(policyShape).optional().describe('Alerts that become incidents; the first that matches counts'),
  notify: z.array(z.unknown()).optional().describe('Who is told of each step, as notifications of a rule'),
  reopen_within: durationShape
    .optional()
    .describe('An alert that fires again so soon after the end opens the same incident again, default 15m'),
});

export type RawIncidents = z.infer<typeof incidentsShape>;

const REOPEN_MS = 15 * 60_000;

/** Compiles `incidents:`; paths count from that key. */
export function compileIncidents(raw: RawIncidents, receivers: Receivers, report: Report): IncidentsConfig {
  const declare = (raw.declare ?? []).map((policy, index): DeclarePolicy => {
    const at = within(report, 'declare', index);
    return {
      matchers: compileMatchers(policy.matchers, within(at, 'matchers')),
      severity: policy.severity ?? null,
      afterMs: readDuration(policy.after, ['after'], at) ?? 0,
      by: policy.by === undefined ? ['service'] : listOf(policy.by),
    };
  });
  return {
    declare,
    notify: receivers.notifications(raw.notify, within(report, 'notify')).targets,
    reopenWithinMs: readDuration(raw.reopen_within, ['reopen_within'], report) ?? REOPEN_MS,
  };
}
