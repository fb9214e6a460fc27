import { nextTick } from '../../lib/cron.ts';
import { type Labels, type Matcher, matchesAll, type Span } from '../alerting/index.ts';
import { localWindows, type Restriction, unite } from '../oncall/index.ts';

/** `maintenance`: alerts are muted, and monitors and SLOs do not count; `mute`: alerts are muted, all else goes on. */
export type WindowKind = 'maintenance' | 'mute';

/** When a window is open. Times in ms. */
export type WindowTimes =
  | { type: 'once'; start: number; end: number }
  /** Hours of local time on days of the week. */
  | { type: 'weekly'; hours: Restriction }
  /** From every instant that the cron expression names. */
  | { type: 'cron'; pattern: string; durationMs: number };

/** What a window is about; nothing named = everything. */
export interface WindowScope {
  monitors: readonly string[];
  services: readonly string[];
  slos: readonly string[];
  /** Only in these environments; empty = all. */
  environments: readonly string[];
  /** Conditions on the labels of alerts, all of which hold. */
  matchers: readonly Matcher[];
}

/** A stretch of time, perhaps one that comes again, in which work is planned or alerts are not wanted. */
export interface Window {
  id: string;
  name: string;
  kind: WindowKind;
  timeZone: string;
  times: WindowTimes;
  scope: WindowScope;
  reason: string;
  /** Who made it; null = it stands in the configuration. */
  author: string | null;
  createdAt: number | null;
  /** When somebody ended it, ms since the epoch. */
  endedAt: number | null;
  endedBy: string | null;
}

/** More openings than anybody plans. */
const MOST_OPENINGS = 10_000;

/** The times in `[from, to)` at which the window is open: in order, without overlap, whole. */
export function openings(window: Window, from: number, to: number): Span[] {
  const last = window.endedAt === null ? to : Math.min(to, window.endedAt);
  if (last <= from) return [];
  const found = unite(timesIn(window, from, last)).filter(({ start, end }) => end > from && start < last);
  const { endedAt } = window;
  return endedAt === null ? found : found.map(({ start, end }) => ({ start, end: Math.min(end, endedAt) }));
}

function timesIn({ times, timeZone }: Window, from: number, to: number): Span[] {
  switch (times.type) {
    case 'once':
      return [{ start: times.start, end: times.end }];
    case 'weekly':
      return localWindows([times.hours], timeZone, { start: from, end: to });
    case 'cron':
      return cronTimes(times, timeZone, from, to);
  }
}

function cronTimes(times: Extract<WindowTimes, { type: 'cron' }>, timeZone: string, from: number, to: number): Span[] {
  const schedule = { pattern: times.pattern, timeZone };
  const found: Span[] = [];
  let next = nextTick(schedule, from - times.durationMs - 1);
  while (next !== null && next < to && found.length < MOST_OPENINGS) {
    found.push({ start: next, end: next + times.durationMs });
    next = nextTick(schedule, next);
  }
  return found;
}

/** The opening that is under way at an instant, or null. */
export function openAt(window: Window, at: number): Span | null {
  return openings(window, at, at + 1).find(({ start, end }) => start <= at && at < end) ?? null;
}

/** The opening under way at an instant, or the next one within 400 days. */
export function nextOpening(window: Window, at: number): Span | null {
  const days = [1, 8, 32, 400];
  for (const count of days) {
    const [first] = openings(window, at, at + count * 86_400_000);
    if (first) return first;
  }
  return null;
}

/** Whether the window is about what has these labels: an alert, a monitor or an SLO. */
export function covers({ scope }: Pick<Window, 'scope'>, labels: Labels): boolean {
  const { monitors, services, slos, environments, matchers } = scope;
  const named = (names: readonly string[], label: string) => names.includes(labels[label] ?? '');
  if (environments.length > 0 && !named(environments, 'environment')) return false;
  const unnamed = monitors.length + services.length + slos.length + matchers.length === 0;
  return (
    unnamed ||
    named(monitors, 'monitor') ||
    named(services, 'service') ||
    named(slos, 'slo') ||
    (matchers.length > 0 && matchesAll(matchers, labels))
  );
}
