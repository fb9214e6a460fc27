import type { Check, Monitor, MonitorDetail } from '@yumops/protocol';
import { z } from 'zod';
import { withQuery } from '../../lib/query-string.ts';
import { listed, pick, tool } from '../tool.ts';

const MONITOR = ['id', 'name', 'kind', 'url', 'state', 'since', 'reason', 'lastCheckedAt', 'certificateDays'] as const;

export const uptimeTools = [
  tool({
    name: 'list_monitors',
    title: 'Monitors',
    description: 'Uptime monitors and heartbeats with their state and reason, those that are not up first.',
    input: z.object({ limit: z.number().int().min(1).max(500).default(100) }),
    async run(api, { limit }) {
      const found = await api.get<{ items: Monitor[]; nextCursor: string | null }>('/api/v1/monitors', {
        limit: '5000',
      });
      const sorted = found.items.toSorted((a, b) => Number(a.state === 'up') - Number(b.state === 'up'));
      const { items } = listed({ items: sorted.slice(0, limit) }, MONITOR);
      return { items, total: found.items.length, more: found.items.length > limit, link: '/uptime' };
    },
  }),
  tool({
    name: 'get_monitor',
    title: 'One monitor',
    description: 'A monitor with its state by location, its outages, and its newest checks with their time by phase.',
    input: z.object({ id: z.string().min(1).max(300) }),
    async run(api, { id }) {
      const path = `/api/v1/monitors/${encodeURIComponent(id)}`;
      const monitor = await api.get<MonitorDetail>(path);
      const checks = await api.get<{ items: Check[] }>('/api/v1/checks', { monitor: monitor.name, limit: '20' });
      const keys = ['timestamp', 'location', 'ok', 'durationMs', 'firstByteMs', 'statusCode', 'reason'] as const;
      return {
        ...pick(monitor, [...MONITOR, 'expectation', 'locations', 'named']),
        outages: monitor.incidents.slice(0, 10),
        items: listed(checks, keys).items,
        link: withQuery(`/uptime/${encodeURIComponent(id)}`),
      };
    },
  }),
];
