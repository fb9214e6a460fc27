import { z } from 'zod';
import { type Report, within } from '../../../lib/finding.ts';
import { notificationsShape, type Target } from '../config.ts';
import type { Receivers } from '../config-receivers.ts';
import { compileMatchers } from '../inhibit/config.ts';
import type { Matcher } from '../silence/matcher.ts';

/** Where alerts with these labels go that others push. */
export interface PushRoute {
  /** Empty = every alert. */
  matchers: readonly Matcher[];
  receivers: readonly Target[];
  /** Name of the policy that pages; null = the receivers alone, group by group. */
  escalation: string | null;
}

/** An item of `pushed_alerts:` as written. */
export const pushRouteShape = z.strictObject({
  matchers: z.array(z.string()).optional().describe('Alerts with these labels, e.g. ["team=db"]; left out = all'),
  notifications: notificationsShape.optional(),
  escalation: z.string().optional().describe('Name of an escalation policy'),
});

export type RawPushRoute = z.infer<typeof pushRouteShape>;

/** Compiles an item; paths count from it. */
export function compilePushRoute(raw: RawPushRoute, receivers: Receivers, report: Report): PushRoute {
  const at = within(report, 'notifications');
  const { targets, policy } = receivers.notifications(raw.notifications, at, raw.escalation);
  return {
    matchers: compileMatchers(raw.matchers ?? [], within(report, 'matchers')),
    receivers: targets,
    escalation: raw.escalation === undefined ? policy : receivers.policy(raw.escalation, within(report, 'escalation')),
  };
}
