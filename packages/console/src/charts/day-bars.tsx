import type { DayBar } from '@yumops/protocol';
import { formatPercent, plural } from '../format/number.ts';
import './day-bars.css';

/** How a day went, by the share of good time. */
export function dayTone(up: number | null): 'ok' | 'warn' | 'bad' | 'none' {
  if (up === null) return 'none';
  if (up >= 99.9) return 'ok';
  return up >= 99 ? 'warn' : 'bad';
}

/** `23 Nov: 99.2 %, 3 of 1,440 checks failed` */
export function dayText({ day, up, checks, failed }: DayBar): string {
  if (up === null) return `${day}: no data`;
  return `${day}: ${formatPercent(up)}, ${failed === 0 ? `all ${plural(checks, 'check')} good` : `${failed} of ${plural(checks, 'check')} failed`}`;
}

/** All days in one sentence. */
export function daysSummary(bars: readonly DayBar[]): string {
  const known = bars.filter((bar) => bar.up !== null);
  const bad = known.filter((bar) => dayTone(bar.up) !== 'ok');
  if (known.length === 0) return `${plural(bars.length, 'day')} without data`;
  const faults =
    bad.length === 0 ? 'none with failures' : `${plural(bad.length, 'day')} with failures, last ${bad.at(-1)?.day}`;
  return `Last ${plural(bars.length, 'day')}: ${known.length} with data, ${faults}`;
}

/** One bar a day, oldest first. A day without data is grey and low, never green. */
export function DayBars({ bars, tall = false }: { bars: readonly DayBar[]; tall?: boolean }) {
  return (
    <svg
      className={tall ? 'day-bars day-bars-tall' : 'day-bars'}
      viewBox={`0 0 ${bars.length * 4 - 1} 24`}
      preserveAspectRatio="none"
      role="img"
      aria-label={daysSummary(bars)}
    >
      {bars.map((bar, index) => (
        <rect
          key={bar.day}
          className={`day day-${dayTone(bar.up)}`}
          x={index * 4}
          y={bar.up === null ? 9 : 0}
          width="3"
          height={bar.up === null ? 6 : 24}
        >
          <title>{dayText(bar)}</title>
        </rect>
      ))}
    </svg>
  );
}
