import type { AlertStatistics, RuleStatistics } from '../../../respond/alerting/index.ts';
import { countChanged } from '../compare/counts.ts';
import { quantileOf } from '../compare/quantile.ts';
import { formatAt, plural } from '../format.ts';
import type { Observation } from '../observation.ts';
import { type Period, REPORT_KINDS, type Span } from '../period.ts';
import { pageOf, type SectionContent, type SectionSource } from '../section.ts';

const RULES_SHOWN = 10;
/** A rule that fired so often, and that almost nobody acknowledged, says more about itself. */
const NOISY = { alerts: 10, share: 0.2 };

/** Alerts: how many, how soon somebody took them, which rules. */
export function alertSection(deps: {
  statistics(span: Span): Promise<AlertStatistics>;
  /** Since when this installation knows anything, ms since the epoch. */
  knownSince(): Promise<number>;
}): SectionSource {
  return {
    key: 'alerts',
    title: 'Alerts',
    kinds: REPORT_KINDS,
    async read(period) {
      const since = await deps.knownSince();
      if (since >= period.to) return { unknown: 'Nothing watched in this time.' };
      const [now, before] = await Promise.all([deps.statistics(period), deps.statistics(period.before)]);
      return contentOf(now, since < period.before.to ? before : null, period);
    },
  };
}

const countOf = (rules: readonly RuleStatistics[], severity?: string) =>
  rules
    .filter((rule) => severity === undefined || rule.severity === severity)
    .reduce((sum, { alerts }) => sum + alerts, 0);
const seconds = (ms: number | null) => (ms === null ? null : ms / 1_000);
const acknowledge = (rules: readonly RuleStatistics[]) => rules.flatMap(({ acknowledgeMs }) => acknowledgeMs);

function contentOf(now: AlertStatistics, old: AlertStatistics | null, period: Period): SectionContent {
  const history = pageOf('/alerts', { view: 'history' }, period);
  const deliveries = pageOf('/alerts', { view: 'deliveries' }, period);
  const took = acknowledge(now.rules);
  const [median, medianBefore] = [took, acknowledge(old?.rules ?? [])].map((times) => seconds(quantileOf(times, 0.5)));
  return {
    figures: [
      {
        ...{ label: 'Alerts', value: countOf(now.rules), unit: 'count', before: old && countOf(old.rules) },
        href: history,
      },
      {
        ...{ label: 'Critical', value: countOf(now.rules, 'critical'), unit: 'count' },
        before: old && countOf(old.rules, 'critical'),
        href: history,
      },
      { label: 'Messages sent', value: now.sent, unit: 'count', before: old?.sent ?? null, href: deliveries },
      {
        label: 'Not delivered',
        value: now.undelivered,
        unit: 'count',
        before: old?.undelivered ?? null,
        href: deliveries,
      },
      {
        ...{ label: 'Acknowledged after (median)', value: median ?? null, unit: 's', before: medianBefore ?? null },
        href: history,
        note: took.length === 0 ? 'no alert was acknowledged' : `of ${plural(took.length, 'alert')}`,
      },
    ],
    tables: [
      {
        title: 'Rules that fired',
        columns: [
          { label: 'Rule', unit: null },
          { label: 'Severity', unit: null },
          { label: 'Alerts', unit: 'count' },
          { label: 'Acknowledged', unit: 'count' },
          { label: 'Lasted (median)', unit: 's' },
        ],
        rows: now.rules.slice(0, RULES_SHOWN).map((rule) => ({
          href: pageOf(`/alerts/rules/${encodeURIComponent(rule.rule)}`, {}),
          cells: [rule.rule, rule.severity, rule.alerts, rule.acknowledged, seconds(quantileOf(rule.lastedMs, 0.5))],
        })),
        more: Math.max(0, now.rules.length - RULES_SHOWN),
      },
    ],
    changes: old === null ? [] : changesOf(now.rules, old.rules, period),
    observations: [...openAlerts(now, period), ...now.rules.flatMap(noisy)],
  };
}

function changesOf(now: readonly RuleStatistics[], old: readonly RuleStatistics[], { from, to, before }: Period) {
  return [...new Set([...now, ...old].map(({ rule }) => rule))].flatMap((rule) => {
    const count = (rules: readonly RuleStatistics[]) => rules.find((one) => one.rule === rule)?.alerts ?? 0;
    const pair = { before: count(old), after: count(now) };
    const changed = countChanged({ ...pair, beforeMs: before.to - before.from, afterMs: to - from });
    if (changed === null) return [];
    return {
      direction: changed === 'more' ? ('worse' as const) : ('better' as const),
      text: `"${rule}" fired ${changed === 'more' ? 'more' : 'less'} often`,
      rule: 'counts',
      sample: `${plural(pair.after, 'alert')}, ${pair.before.toLocaleString('en')} before`,
      href: pageOf(`/alerts/rules/${encodeURIComponent(rule)}`, {}),
    };
  });
}

function openAlerts({ unacknowledged }: AlertStatistics, { from, timeZone }: Period): Observation[] {
  return unacknowledged
    .filter(({ severity }) => severity !== 'info')
    .map(({ id, rule, severity, firedAt }) => ({
      code: 'alert_unacknowledged',
      subject: rule,
      title: `Take the alert "${rule}"`,
      reason: `It fires since ${formatAt(firedAt, timeZone)} and nobody has acknowledged it.`,
      evidence: [`severity ${severity}`],
      href: `/alerts/${encodeURIComponent(id)}`,
      size: severity === 'critical' ? 0.6 : 0,
      reach: 0,
      fresh: firedAt >= from && severity === 'critical',
    }));
}

function noisy({ rule, alerts, acknowledged }: RuleStatistics): Observation[] {
  if (alerts < NOISY.alerts || acknowledged > alerts * NOISY.share) return [];
  return [
    {
      code: 'noisy_rule',
      subject: rule,
      title: `Make the rule "${rule}" say less, or mend what it says`,
      reason: `It fired ${alerts} times and was acknowledged ${acknowledged} times.`,
      evidence: [],
      href: pageOf(`/alerts/rules/${encodeURIComponent(rule)}`, {}),
      size: alerts / 100,
      reach: null,
      fresh: true,
    },
  ];
}
