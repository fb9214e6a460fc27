import type { Check } from '@yumops/protocol';
import { useMemo } from 'react';
import { TimeChart } from '../../charts/time-chart.tsx';
import { formatMilliseconds, plural, UNKNOWN } from '../../format/number.ts';

const PHASES = [
  { key: 'dnsMs', label: 'DNS', token: 'series-5' },
  { key: 'connectMs', label: 'Connect', token: 'series-2' },
  { key: 'tlsMs', label: 'TLS', token: 'series-4' },
  { key: 'firstByteMs', label: 'First byte', token: 'series-1' },
  { key: 'bodyMs', label: 'Body', token: 'series-3' },
] as const;

/** Where the time of each check went. */
export function Phases({ checks }: { checks: readonly Check[] }) {
  const { times, series, summary } = useMemo(() => shape(checks), [checks]);
  if (checks.length === 0) return <p className="quiet">The first check has not run yet.</p>;
  return (
    <TimeChart
      title="Time by phase"
      summary={summary}
      kind="bars"
      times={times}
      series={series}
      format={formatMilliseconds}
      step={spacing(times)}
    />
  );
}

function shape(checks: readonly Check[]) {
  const ordered = checks.toReversed();
  const times = ordered.map(({ timestamp }) => Date.parse(timestamp));
  const used = PHASES.filter(({ key }) => ordered.some((check) => check[key] !== null));
  const series = used.map(({ key, label, token }) => ({ label, token, values: ordered.map((check) => check[key]) }));
  return { times, series, summary: summarise(ordered) };
}

function summarise(checks: readonly Check[]): string {
  const good = checks.filter(({ ok }) => ok).map(({ durationMs }) => durationMs);
  const middle = good.toSorted((a, b) => a - b)[Math.floor(good.length / 2)];
  const failed = checks.length - good.length;
  return `${plural(checks.length, 'check')}, ${failed} failed. Half took less than ${middle === undefined ? UNKNOWN : formatMilliseconds(middle)}.`;
}

/** The usual distance of two checks, milliseconds. */
function spacing(times: readonly number[]): number {
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 60_000;
}
