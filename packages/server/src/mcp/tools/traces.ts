import type { BrowserCall, TraceDetail, TraceItem, TraceRoute, VitalsAnswer } from '@yumops/protocol';
import { z } from 'zod';
import { withQuery } from '../../lib/query-string.ts';
import { listed, pick, tool } from '../tool.ts';
import { rangeBefore, since } from './range.ts';

const text = z.string().max(500).optional();
const SPANS = 60;

export const traceTools = [
  tool({
    name: 'list_endpoints',
    title: 'What services do, and how fast',
    description: 'Each operation of each service with its count, failures, p50, p95 and maximum.',
    input: z.object({ ...since, service: text }),
    async run(api, { minutes, service }) {
      const range = rangeBefore(api.now, minutes);
      const { items } = await api.get<{ items: TraceRoute[] }>('/api/v1/traces/routes', { ...range, service });
      return { items, link: withQuery('/traces', { ...range, service }) };
    },
  }),
  tool({
    name: 'list_traces',
    title: 'Traces',
    description: 'Single traces, slowest or newest first, of a service, an operation, or only failed ones.',
    input: z.object({
      ...{ ...since, service: text, name: text },
      failed: z.boolean().optional(),
      order: z.enum(['slowest', 'newest']).default('slowest'),
      limit: z.number().int().min(1).max(100).default(20),
    }),
    async run(api, { minutes, failed, limit, ...asked }) {
      const query = {
        ...rangeBefore(api.now, minutes),
        ...asked,
        failed: failed === undefined ? undefined : String(failed),
      };
      const { items } = await api.get<{ items: TraceItem[] }>('/api/v1/traces', { ...query, limit: String(limit) });
      return { items, link: withQuery('/traces', query) };
    },
  }),
  tool({
    name: 'get_trace',
    title: 'One trace',
    description: 'The spans of a trace in order of time, with its logs and errors.',
    input: z.object({ id: z.string().regex(/^[0-9a-f]{32}$/i) }),
    async run(api, { id }) {
      const trace = await api.get<TraceDetail>(`/api/v1/traces/${id}`);
      const keys = ['spanId', 'parentSpanId', 'name', 'service', 'offsetMs', 'durationMs', 'status'] as const;
      return {
        ...pick(trace, ['traceId', 'startedAt', 'durationMs', 'errors']),
        ...{ items: trace.spans.slice(0, SPANS).map((span) => pick(span, keys)), spans: trace.spans.length },
        logs: trace.logs.slice(0, 20),
        link: `/traces/${id}`,
      };
    },
  }),
  tool({
    name: 'get_web_vitals',
    title: 'What real users see',
    description:
      'Web vitals at p75 by route, device, country or release, with shares of good and poor, and the slowest API calls of browsers.',
    input: z.object({ ...since, by: z.enum(['route', 'device', 'country', 'release']).default('route') }),
    async run(api, { minutes, by }) {
      const range = rangeBefore(api.now, minutes);
      const { total, items } = await api.get<VitalsAnswer>('/api/v1/vitals', { ...range, by });
      const calls = await api.get<{ items: BrowserCall[]; nextCursor: null }>('/api/v1/vitals/timings', range);
      return {
        total,
        items: items.slice(0, 20),
        calls: listed(calls, ['method', 'name', 'count', 'failed', 'p75']).items.slice(0, 10),
        link: withQuery('/users', { ...range, by }),
      };
    },
  }),
];
