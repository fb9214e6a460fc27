import type { Alert, AlertDetail, NotificationItem, Rule, RuleReplay } from '@yumops/protocol';
import { z } from 'zod';
import { withQuery } from '../../lib/query-string.ts';
import { listed, pick, tool } from '../tool.ts';

const id = z.object({ id: z.string().min(1).max(200).describe('Id of the alert, as list_alerts tells') });
const limit = z.number().int().min(1).max(100).default(20);
const matchers = z
  .array(z.string().max(700))
  .min(1)
  .max(20)
  .describe('Such as alertname="High Error Rate", env!="dev"');
const ALERT = [
  'id',
  'rule',
  'severity',
  'state',
  'summary',
  'labels',
  'startedAt',
  'resolvedAt',
  'acknowledgedBy',
  'mutedBy',
] as const;
const alertLink = (alert: string) => `/alerts/${encodeURIComponent(alert)}`;

export const alertTools = [
  tool({
    name: 'list_alerts',
    title: 'Alerts',
    description: 'Alerts that fire, are pending, or have ended, newest first, each in one sentence.',
    input: z.object({ state: z.enum(['firing', 'pending', 'resolved']).default('firing'), limit }),
    async run(api, { state, limit }) {
      const found = await api.get<{ items: Alert[]; nextCursor: string | null }>('/api/v1/alerts', {
        state,
        limit: String(limit),
      });
      return {
        ...listed(found, ALERT),
        link: withQuery('/alerts', { view: state === 'resolved' ? 'history' : undefined }),
      };
    },
  }),
  tool({
    name: 'get_alert',
    title: 'One alert',
    description:
      'An alert with the query behind it, every decision with its reason, who was told through what, and who is told next if nobody acknowledges.',
    input: id,
    async run(api, { id }) {
      const alert = await api.get<AlertDetail>(`/api/v1/alerts/${encodeURIComponent(id)}`);
      const told = alert.notifications.map(({ channel, target, kind, status, reason, sentAt, lastError }) => ({
        ...{ channel, target, kind, status, reason, sentAt, lastError },
      }));
      return {
        ...pick(alert, [...ALERT, 'sentence', 'value', 'threshold', 'unit', 'query', 'runbook', 'next']),
        timeline: alert.timeline.slice(-30),
        notifications: told.slice(-20),
        link: alertLink(id),
      };
    },
  }),
  tool({
    name: 'list_rules',
    title: 'Alert rules',
    description: 'Every alert rule as an English sentence, with its state, its last value and why it is as it is.',
    input: z.object({}),
    async run(api) {
      const found = await api.get<{ items: Rule[] }>('/api/v1/rules');
      return {
        ...listed(found, ['name', 'severity', 'sentence', 'state', 'value', 'sample', 'reason']),
        link: withQuery('/alerts', { view: 'rules' }),
      };
    },
  }),
  tool({
    name: 'replay_rule',
    title: 'Replay a rule over history',
    description: 'When a rule would have fired over stored history. A dry run: nobody is told.',
    input: z.object({
      name: z.string().min(1).max(300),
      since: z.string().max(20).default('24h').describe('Such as 6h or 7d'),
    }),
    async run(api, { name, since }) {
      const path = `/api/v1/rules/${encodeURIComponent(name)}`;
      const replay = await api.get<RuleReplay>(`${path}/replay`, { since });
      const { episodes: items, ...rest } = replay;
      return { ...rest, items, link: `/alerts/rules/${encodeURIComponent(name)}` };
    },
  }),
  tool({
    name: 'list_notifications',
    title: 'Delivery log',
    description: 'Messages to people and channels with their status, newest first: who was told, who was not, and why.',
    input: z.object({ limit }),
    async run(api, { limit }) {
      const found = await api.get<{ items: NotificationItem[]; nextCursor: string | null }>('/api/v1/notifications', {
        limit: String(limit),
      });
      const keys = [
        'rule',
        'channel',
        'target',
        'kind',
        'status',
        'attempts',
        'reason',
        'lastError',
        'createdAt',
        'sentAt',
      ] as const;
      return { ...listed(found, keys), link: withQuery('/alerts', { view: 'deliveries' }) };
    },
  }),
  tool({
    name: 'get_on_call',
    title: 'Who is on call',
    description: 'Who is on call now, or at a given moment, in every schedule.',
    input: z.object({
      at: z.string().max(60).optional().describe('2026-10-25T00:30:00Z, or 2026-10-25 01:30 Europe/London'),
    }),
    async run(api, { at }) {
      const answer = await api.get<Record<string, unknown>>('/api/v1/oncall', { at });
      return { ...answer, link: withQuery('/on-call', { at }) };
    },
  }),
  tool({
    name: 'list_silences',
    title: 'Silences and planned work',
    description:
      'What is muted now or will be, by whom, why and until when: silences, mute times, maintenance windows.',
    input: z.object({}),
    async run(api) {
      const { items } = await api.get<{ items: unknown[] }>('/api/v1/silences');
      const windows = await api.get<{ items: unknown[] }>('/api/v1/windows');
      return { items, windows: windows.items, link: withQuery('/alerts', { view: 'silences' }) };
    },
  }),
  tool({
    name: 'preview_silence',
    title: 'What a silence would mute',
    description: 'The firing alerts that a silence with these matchers would mute. A dry run.',
    input: z.object({ matchers }),
    async run(api, { matchers }) {
      const found = await api.post<{ items: Alert[] }>('/api/v1/silences/preview', { matchers });
      return {
        items: found.items,
        link: withQuery('/alerts', { view: 'silences', do: 'silence', matchers: matchers.join(',') }),
      };
    },
  }),
  tool({
    name: 'acknowledge_alert',
    title: 'Acknowledge an alert',
    description:
      'Takes a firing alert: later escalation steps are not sent. Do this only when a person has taken it on.',
    role: 'responder',
    input: id,
    async run(api, { id }) {
      const alert = await api.post<AlertDetail>(`/api/v1/alerts/${encodeURIComponent(id)}/ack`, { via: 'api' });
      return { ...pick(alert, ALERT), link: alertLink(id) };
    },
  }),
  tool({
    name: 'silence_alerts',
    title: 'Silence alerts',
    description: 'Mutes alerts that match, for a time of at most 24 hours, with a reason. Preview it first.',
    role: 'responder',
    input: z.object({
      matchers,
      minutes: z.number().int().min(1).max(1_440),
      reason: z.string().min(1).max(1_000),
    }),
    async run(api, { matchers, minutes, reason }) {
      const end = new Date(api.now + minutes * 60_000).toISOString();
      const silence = await api.post<Record<string, unknown>>('/api/v1/silences', { matchers, end, reason });
      return { ...silence, link: withQuery('/alerts', { view: 'silences' }) };
    },
  }),
];
