import type { MonitorSla } from '@yumops/protocol';
import { formatValue, plural } from '../format.ts';
import type { Observation } from '../observation.ts';
import { type Period, REPORT_KINDS, type Span } from '../period.ts';
import { pageOf, type SectionContent, type SectionSource } from '../section.ts';

const SHOWN = 20;
/** So many seconds more of an outage are news; less than that is one check that failed. */
const LEAST_DOWN_SECONDS = 120;
/** Availability below which a monitor is for the list. */
const LOW_PERCENT = 99.9;

/** A monitor that is down at the moment. */
export interface DownMonitor {
  id: string;
  name: string;
  reason: string | null;
}

/** Uptime: the share of good time of every monitor, and its outages. */
export function uptimeSection(deps: {
  sla(span: Span): Promise<MonitorSla[]>;
  down(): Promise<readonly DownMonitor[]>;
}): SectionSource {
  return {
    key: 'uptime',
    title: 'Uptime',
    kinds: REPORT_KINDS,
    async read(period) {
      const [now, before, down] = await Promise.all([deps.sla(period), deps.sla(period.before), deps.down()]);
      const known = now.filter(({ uptime }) => uptime !== null);
      if (known.length === 0) return { unknown: 'No monitor was checked in this time.' };
      return contentOf(now, before, down, period);
    },
  };
}

const pageOfMonitor = (id: string, period?: Period) => pageOf(`/uptime/${encodeURIComponent(id)}`, {}, period);
const byUptime = (a: MonitorSla, b: MonitorSla) => (a.uptime ?? 101) - (b.uptime ?? 101) || (a.name < b.name ? -1 : 1);

function overall(figures: readonly MonitorSla[]): number | null {
  const [up, down] = figures.reduce(([good, bad], one) => [good + one.up, bad + one.down], [0, 0]);
  return up + down === 0 ? null : Math.floor((up / (up + down)) * 100_000) / 1_000;
}

function contentOf(
  now: readonly MonitorSla[],
  before: readonly MonitorSla[],
  down: readonly DownMonitor[],
  period: Period,
): SectionContent {
  const sum = (list: readonly MonitorSla[], key: 'outages' | 'down') => list.reduce((all, one) => all + one[key], 0);
  const old = before.some(({ uptime }) => uptime !== null) ? before : null;
  const worst = [...now].sort(byUptime);
  const uptime = pageOf('/uptime', {}, period);
  return {
    figures: [
      {
        label: 'Good time, all monitors',
        value: overall(now),
        unit: '%',
        before: old && overall(old),
        href: uptime,
      },
      {
        ...{ label: 'Outages', value: sum(now, 'outages'), unit: 'count', before: old && sum(old, 'outages') },
        href: uptime,
      },
      {
        ...{ label: 'Time down, all monitors', value: sum(now, 'down'), unit: 's', before: old && sum(old, 'down') },
        href: uptime,
      },
      { label: 'Down at the moment', value: down.length, unit: 'count', href: '/uptime' },
    ],
    tables: [
      {
        title: 'Monitors',
        columns: [
          { label: 'Monitor', unit: null },
          { label: 'Good time', unit: '%' },
          { label: 'Before', unit: '%' },
          { label: 'Outages', unit: 'count' },
          { label: 'Longest', unit: 's' },
        ],
        rows: worst.slice(0, SHOWN).map((one) => ({
          href: pageOfMonitor(one.monitor, period),
          cells: [
            one.name,
            one.uptime,
            before.find(({ monitor }) => monitor === one.monitor)?.uptime ?? null,
            one.uptime === null ? null : one.outages,
            one.uptime === null ? null : one.longest,
          ],
        })),
        more: Math.max(0, worst.length - SHOWN),
      },
    ],
    changes: changesOf(now, before, period),
    observations: [...down.map(isDown), ...now.flatMap((one) => low(one, period))],
  };
}

function changesOf(now: readonly MonitorSla[], before: readonly MonitorSla[], period: Period) {
  return now.flatMap((one) => {
    const old = before.find(({ monitor }) => monitor === one.monitor);
    if (one.uptime === null || !old || old.uptime === null) return [];
    const more = one.down - old.down;
    if (Math.abs(more) < LEAST_DOWN_SECONDS) return [];
    return {
      direction: more > 0 ? ('worse' as const) : ('better' as const),
      text: `${one.name} was down for ${formatValue(one.down, 's')}, before for ${formatValue(old.down, 's')}`,
      rule: 'two minutes of outage',
      sample: plural(one.outages, 'outage'),
      href: pageOfMonitor(one.monitor, period),
    };
  });
}

function isDown({ id, name, reason }: DownMonitor): Observation {
  return {
    code: 'monitor_down',
    subject: name,
    title: `Bring ${name} up again`,
    reason: reason ?? 'Its checks fail.',
    evidence: [],
    href: pageOfMonitor(id),
    size: 1,
    reach: null,
    fresh: true,
  };
}

function low(one: MonitorSla, period: Period): Observation[] {
  if (one.uptime === null || one.uptime >= LOW_PERCENT || one.down < LEAST_DOWN_SECONDS) return [];
  return [
    {
      code: 'uptime_low',
      subject: one.name,
      title: `Find out why ${one.name} was down`,
      reason: `It was good for ${formatValue(one.uptime, '%')} of the time: ${plural(one.outages, 'outage')}, the longest ${formatValue(one.longest, 's')}.`,
      evidence: [`${formatValue(one.down, 's')} down`],
      href: pageOfMonitor(one.monitor, period),
      size: (100 - one.uptime) / 5,
      reach: (one.down * 1_000) / (period.to - period.from),
      fresh: true,
    },
  ];
}
