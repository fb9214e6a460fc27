import type { PlannedWindow } from '@yumops/protocol';
import { formatDuration } from '../../lib/duration.ts';
import { formatZonedTime } from '../../lib/zoned-time.ts';
import { formatMatcher } from '../alerting/index.ts';
import { nextOpening, type Window } from './window.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** A window as pages and the API show it at `now`, ms since the epoch. */
export function windowItem(window: Window, now: number): PlannedWindow {
  const { scope, createdAt, endedAt } = window;
  const next = nextOpening(window, now);
  const iso = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : new Date(ms).toISOString());
  return {
    ...{ id: window.id, name: window.name, kind: window.kind, timeZone: window.timeZone, times: timesText(window) },
    state: next === null ? 'over' : next.start <= now ? 'open' : 'scheduled',
    start: iso(next?.start),
    end: iso(next?.end),
    monitors: [...scope.monitors],
    services: [...scope.services],
    slos: [...scope.slos],
    environments: [...scope.environments],
    matchers: scope.matchers.map(formatMatcher),
    ...{ reason: window.reason, author: window.author, endedBy: window.endedBy },
    createdAt: iso(createdAt),
    endedAt: iso(endedAt),
  };
}

function timesText({ times, timeZone }: Window): string {
  switch (times.type) {
    case 'once':
      return `${formatZonedTime(times.start, timeZone)} to ${formatZonedTime(times.end, timeZone)}`;
    case 'weekly': {
      const { days, from, to } = times.hours;
      const on = days.length === 7 ? 'every day' : days.map((day) => DAYS[day]).join(', ');
      return `${on} ${clock(from)}–${clock(to)}`;
    }
    case 'cron':
      return `${times.pattern} for ${formatDuration(times.durationMs)}`;
  }
}

function clock(ms: number): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${pad(Math.floor(ms / 3_600_000))}:${pad((ms / 60_000) % 60)}`;
}
