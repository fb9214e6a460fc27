import type { ComponentStatus, PostImpact, PostKind, PostStatus, StatusComponent } from '@yumops/protocol';
import { type Indicator, measuredStatus, overall, shownStatus } from './component-state.ts';
import type { PageComponent } from './config.ts';
import type { MonitorDay, StatusPageDeps } from './ports.ts';
import { endOf, isOver, type Post, statusAt, type Update } from './post.ts';
import { readPublished } from './store.ts';

/** Posts that are over are shown for so long. */
const HISTORY_MS = 90 * 86_400_000;
const DAY_MS = 86_400_000;
const DAYS = 90;

/** A post as visitors see it. Times in ms since the epoch. */
export interface PostView {
  id: string;
  kind: PostKind;
  title: string;
  impact: PostImpact;
  status: PostStatus;
  over: boolean;
  components: { id: string; name: string; status: ComponentStatus }[];
  createdAt: number;
  updatedAt: number;
  startedAt: number;
  resolvedAt: number | null;
  scheduledStart: number | null;
  scheduledEnd: number | null;
  /** Newest first. */
  updates: readonly Update[];
}

/** Everything on the page, at one instant. */
export interface StatusView {
  title: string;
  /** Where visitors find it, without a slash at the end. */
  url: string;
  timeZone: string;
  /** Ms since the epoch. */
  at: number;
  indicator: Indicator;
  sentence: string;
  components: StatusComponent[];
  /** Incidents that are not over, newest first. */
  open: PostView[];
  /** Work that goes on or is to come, the next first. */
  planned: PostView[];
  /** What is over, newest first. */
  past: PostView[];
  /** Why something is missing; null = nothing is. */
  problem: string | null;
}

/** Reads what visitors see at `now` (ms). Without telemetry the bars are empty, and the page says so. */
export async function readView(deps: StatusPageDeps, now: number): Promise<StatusView> {
  const { title, timeZone, components } = deps.config();
  const monitors = components.flatMap((component) => component.monitors);
  const [posts, states, days] = await Promise.all([
    readPublished(deps.db, now - HISTORY_MS),
    deps.measured.states(),
    deps.measured.days(monitors, now).catch(() => null),
  ]);
  const views = posts.map((post) => toView(post, components, now));
  const going = views.filter(({ kind, status }) => kind === 'incident' || status !== 'scheduled');
  const shown = components.map((component): StatusComponent => {
    const own = states.filter(({ name }) => component.monitors.includes(name)).map(({ state }) => state);
    const missing = component.monitors.length > own.length || own.length === 0;
    const said = going
      .filter(({ over }) => !over)
      .flatMap(({ kind, components: named }) =>
        named.filter(({ id }) => id === component.id).map(({ status }) => ({ kind, status })),
      );
    const bars = barsOf(component, days ?? [], now);
    return {
      ...{ id: component.id, name: component.name, group: component.group, description: component.description },
      status: shownStatus(missing && own.length === 0 ? 'unknown' : measuredStatus(own), said),
      ...bars,
    };
  });
  const open = views.filter(({ kind, over }) => kind === 'incident' && !over);
  return {
    ...{ title, url: deps.url(), timeZone, at: now },
    ...headline(shown, open),
    components: shown,
    open,
    planned: views.filter(({ kind, over }) => kind === 'maintenance' && !over).sort(byBegin),
    past: views.filter(({ over }) => over),
    problem: days === null ? 'The history of checks cannot be read at the moment.' : null,
  };
}

const INDICATORS: Record<PostImpact, Indicator> = {
  none: 'none',
  minor: 'minor',
  major: 'major',
  critical: 'critical',
};
const GRAVITY: readonly Indicator[] = ['none', 'unknown', 'maintenance', 'minor', 'major', 'critical'];

/** An incident that names no component counts by its impact. */
function headline(components: readonly StatusComponent[], open: readonly PostView[]) {
  const measured = overall(components);
  const gravest = open
    .map(({ impact }) => INDICATORS[impact])
    .sort((a, b) => GRAVITY.indexOf(b) - GRAVITY.indexOf(a))[0];
  const first = open[0];
  if (gravest === undefined || first === undefined) return measured;
  if (GRAVITY.indexOf(gravest) <= GRAVITY.indexOf(measured.indicator) || gravest === 'none') return measured;
  return { indicator: gravest, sentence: first.title };
}

function byBegin(a: PostView, b: PostView): number {
  return (a.scheduledStart ?? 0) - (b.scheduledStart ?? 0);
}

function toView(post: Post, components: readonly PageComponent[], now: number): PostView {
  const over = isOver(post, now);
  return {
    ...{ id: post.id, kind: post.kind, title: post.title, impact: post.impact, status: statusAt(post, now), over },
    components: post.components.flatMap(({ id, status }) => {
      const known = components.find((component) => component.id === id);
      const shown: ComponentStatus = over ? 'operational' : post.kind === 'maintenance' ? 'under_maintenance' : status;
      return known ? [{ id, name: known.name, status: shown }] : [];
    }),
    createdAt: post.publishedAt ?? post.createdAt,
    updatedAt: Math.max(post.publishedAt ?? 0, ...post.updates.map(({ at }) => at)),
    startedAt: post.startedAt,
    resolvedAt: endOf(post, now),
    scheduledStart: post.scheduledStart,
    scheduledEnd: post.scheduledEnd,
    updates: [...post.updates].reverse(),
  };
}

function barsOf(
  { monitors }: PageComponent,
  days: readonly MonitorDay[],
  now: number,
): Pick<StatusComponent, 'bars' | 'uptime'> {
  const own = days.filter(({ monitor }) => monitors.includes(monitor));
  const first = Math.floor(now / DAY_MS) * DAY_MS - (DAYS - 1) * DAY_MS;
  const share = (some: readonly MonitorDay[]) => {
    const good = some.reduce((sum, { goodMs }) => sum + goodMs, 0);
    const bad = some.reduce((sum, { badMs }) => sum + badMs, 0);
    return good + bad > 0 ? Math.floor((good / (good + bad)) * 100_000) / 1_000 : null;
  };
  const bars = Array.from({ length: DAYS }, (_, index) => {
    const day = new Date(first + index * DAY_MS).toISOString().slice(0, 10);
    return { day, up: share(own.filter((one) => one.day === day)) };
  });
  return { bars, uptime: share(own) };
}
