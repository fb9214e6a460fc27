import type { StatusComponent } from '@yumops/protocol';
import { slug } from '../../../lib/section.ts';
import type { Indicator } from '../component-state.ts';
import type { PostView, StatusView } from '../view.ts';

/** The answers of the Statuspage API, version 2, by their path below `/api/v2/`. */
export const API_PATHS = [
  'summary.json',
  'status.json',
  'components.json',
  'incidents.json',
  'incidents/unresolved.json',
  'scheduled-maintenances.json',
  'scheduled-maintenances/upcoming.json',
  'scheduled-maintenances/active.json',
] as const;

export type ApiPath = (typeof API_PATHS)[number];

const PAGE_ID = 'yumops';
const DESCRIPTIONS: Record<Indicator, string> = {
  none: 'All Systems Operational',
  minor: 'Minor Service Outage',
  major: 'Partial System Outage',
  critical: 'Major Service Outage',
  maintenance: 'Service Under Maintenance',
  unknown: 'Unknown',
};

const iso = (ms: number) => new Date(ms).toISOString();
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));

/** @returns the value that is answered as JSON */
export function apiAnswer(view: StatusView, path: ApiPath): Record<string, unknown> {
  const page = { id: PAGE_ID, name: view.title, url: view.url, time_zone: view.timeZone, updated_at: iso(view.at) };
  const status = { indicator: view.indicator, description: DESCRIPTIONS[view.indicator] };
  const over = (kind: PostView['kind']) => view.past.filter((post) => post.kind === kind);
  const scheduled = (posts: readonly PostView[]) => posts.map((post) => toPost(post, view));
  switch (path) {
    case 'summary.json':
      return {
        ...{ page, status, components: componentsOf(view) },
        incidents: scheduled(view.open),
        scheduled_maintenances: scheduled(view.planned),
      };
    case 'status.json':
      return { page, status };
    case 'components.json':
      return { page, components: componentsOf(view) };
    case 'incidents.json':
      return { page, incidents: scheduled([...view.open, ...over('incident')]) };
    case 'incidents/unresolved.json':
      return { page, incidents: scheduled(view.open) };
    case 'scheduled-maintenances.json':
      return { page, scheduled_maintenances: scheduled([...view.planned, ...over('maintenance')]) };
    case 'scheduled-maintenances/upcoming.json':
      return { page, scheduled_maintenances: scheduled(view.planned.filter((post) => post.status === 'scheduled')) };
    case 'scheduled-maintenances/active.json':
      return { page, scheduled_maintenances: scheduled(view.planned.filter((post) => post.status !== 'scheduled')) };
  }
}

function componentsOf(view: StatusView): Record<string, unknown>[] {
  const groups = [...new Set(view.components.flatMap(({ group }) => group ?? []))];
  const plain = view.components.map((component, index) => toComponent(view, component, index + 1));
  const heads = groups.map((name, index) => {
    const own = view.components.filter(({ group }) => group === name);
    return {
      ...toComponent(view, { id: groupId(name), name, group: null, description: '', status: worstOf(own) }, index + 1),
      group: true,
      components: own.map(({ id }) => id),
    };
  });
  return [...plain, ...heads];
}

function worstOf(components: readonly StatusComponent[]): StatusComponent['status'] {
  const order = [
    'operational',
    'unknown',
    'under_maintenance',
    'degraded_performance',
    'partial_outage',
    'major_outage',
  ];
  const [worst] = [...components].sort((a, b) => order.indexOf(b.status) - order.indexOf(a.status));
  return worst?.status ?? 'unknown';
}

function groupId(name: string): string {
  return `group-${slug(name)}`;
}

type Shown = Pick<StatusComponent, 'id' | 'name' | 'group' | 'description' | 'status'>;

function toComponent(view: StatusView, { id, name, group, description, status }: Shown, position: number) {
  return {
    ...{ id, name, status, position },
    ...{ created_at: iso(view.at), updated_at: iso(view.at) },
    description: description === '' ? null : description,
    ...{ showcase: true, start_date: null, only_show_if_degraded: false, group: false },
    group_id: group === null ? null : groupId(group),
    page_id: PAGE_ID,
  };
}

function toPost(post: PostView, view: StatusView) {
  const planned = post.kind === 'maintenance';
  const monitoring = post.updates.findLast(({ status }) => status === 'monitoring');
  const named = view.components.filter(({ id }) => post.components.some((component) => component.id === id));
  return {
    ...{ id: post.id, name: post.title, status: post.status, page_id: PAGE_ID },
    ...{ created_at: iso(post.createdAt), updated_at: iso(post.updatedAt), started_at: iso(post.startedAt) },
    monitoring_at: isoOrNull(monitoring?.at ?? null),
    resolved_at: isoOrNull(post.resolvedAt),
    impact: planned ? 'maintenance' : post.impact,
    shortlink: `${view.url}/incidents/${post.id}`,
    ...(planned && { scheduled_for: isoOrNull(post.scheduledStart), scheduled_until: isoOrNull(post.scheduledEnd) }),
    components: named.map((component, index) => toComponent(view, component, index + 1)),
    reminder_intervals: null,
    incident_updates: post.updates.map(({ id, status, body, at }) => ({
      ...{ id, status, body, incident_id: post.id, created_at: iso(at), updated_at: iso(at), display_at: iso(at) },
      affected_components: post.components.map(({ id: code, name, status: now }) => ({
        ...{ code, name, old_status: now, new_status: now },
      })),
      ...{ deliver_notifications: true, custom_tweet: null, tweet_id: null },
    })),
  };
}
