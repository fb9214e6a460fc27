import type { AlertSubject, Plan } from './episode.ts';
import { TENANT } from './evaluate/step-rule.ts';
import { fingerprint } from './fingerprint.ts';
import { type Instance, newInstance, stepInstance } from './instance.ts';
import { endOf, type Occurrence, occurrenceOf } from './occurrence.ts';

/** The rule of the synthetic alert, and the origin of its episodes. */
export const SYNTHETIC_RULE_ID = 'watchdog';
export const SYNTHETIC_ORIGIN = 'watchdog';

const LABELS = { alertname: 'YumOps watchdog' };
const AT_ONCE = { forMs: 0, keepFiringForMs: 0, windowMs: 0, noData: 'nodata' } as const;

/** The channel and names of the receivers that prove that messages leave. */
export interface SyntheticTargets {
  channel: string;
  names: readonly string[];
}

/**
 * The next synthetic alert: the one before ends, a new one begins. It goes the whole way of a real alert, and its
 * messages are the platform's signs of life: they stop when evaluation, outbox or deliveries do.
 */
export function nextSynthetic(before: Instance | undefined, to: SyntheticTargets, now: number): Occurrence[] {
  const known = before ?? newInstance(fingerprint(TENANT, SYNTHETIC_RULE_ID, {}), SYNTHETIC_RULE_ID, {}, now);
  const ended = stepInstance(known, { kind: 'gone', reason: 'the next one begins' }, AT_ONCE, now);
  // Long ago, so that every beat is an episode of its own.
  const fresh = { ...ended.instance, resolvedAt: null };
  const verdict = { kind: 'breach', value: 0, sample: 1, reason: 'the alert path works' } as const;
  const { instance, transition } = stepInstance(fresh, verdict, AT_ONCE, now);
  if (!transition) return [];
  const about = { origin: SYNTHETIC_ORIGIN, subject: SUBJECT, at: now, plan: () => planTo(to) } as const;
  return [...(known.open ? [endOf(ended.instance)] : []), occurrenceOf(instance, transition, about)];
}

const SUBJECT: AlertSubject = {
  ...{ rule: LABELS.alertname, severity: 'info', labels: LABELS, annotations: {}, query: '', runbook: null },
  ...{ value: null, sample: null, threshold: null, unit: null, windowMs: null },
  summary: 'A synthetic alert goes the way of a real one',
  sentence: 'Fires again and again while the alert path works.',
};

function planTo({ channel, names }: SyntheticTargets): Plan {
  const targets = names.map((target) => ({
    channel: channel as Plan['meta'][number]['channel'],
    target,
    broken: null,
  }));
  return {
    ...{ policy: null, repeat: null, meta: [], groupWaitMs: 0, groupIntervalMs: 0, ackTimeoutMs: 0 },
    steps: [{ delayMs: 0, targets }],
    withoutResolved: names.map((name) => `${channel}/${name}`),
  };
}
