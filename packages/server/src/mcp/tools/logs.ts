import type { LogFields, LogHistogram, LogPage, LogRowDetail, QueryAnswer } from '@yumops/protocol';
import { z } from 'zod';
import { withQuery } from '../../lib/query-string.ts';
import { listed, tool } from '../tool.ts';
import { rangeBefore, since } from './range.ts';

const q = z
  .string()
  .max(4_096)
  .default('')
  .describe('Words, "a phrase", field:value, -not, level:error, duration:>500; empty = all');
const ROW = [
  'id',
  'timestamp',
  'level',
  'message',
  'service',
  'endpoint',
  'statusCode',
  'duration',
  'requestId',
  'traceId',
] as const;

export const logTools = [
  tool({
    name: 'search_logs',
    title: 'Search the log',
    description: 'Log records, newest first, that match a query.',
    input: z.object({ q, ...since, limit: z.number().int().min(1).max(100).default(30) }),
    async run(api, { q, minutes, limit }) {
      const range = rangeBefore(api.now, minutes);
      const found = await api.get<LogPage>('/api/v1/logs', { q, ...range, limit: String(limit) });
      return { ...listed(found, ROW), link: withQuery('/logs', { q, ...range }) };
    },
  }),
  tool({
    name: 'get_log_record',
    title: 'One log record',
    description: 'A log record with all its fields.',
    input: z.object({ id: z.string().min(1).max(100) }),
    async run(api, { id }) {
      const row = await api.get<LogRowDetail>(`/api/v1/logs/${encodeURIComponent(id)}`);
      return { ...row, link: `/logs/${encodeURIComponent(id)}` };
    },
  }),
  tool({
    name: 'summarise_logs',
    title: 'Volume and fields of the log',
    description:
      'How many records match by level over time, and the commonest values of their fields. Use it before reading rows.',
    input: z.object({ q, ...since }),
    async run(api, { q, minutes }) {
      const range = rangeBefore(api.now, minutes);
      const { stepMs, counts, total } = await api.get<LogHistogram>('/api/v1/logs/histogram', {
        q,
        ...range,
        buckets: '12',
      });
      const { fields } = await api.get<LogFields>('/api/v1/logs/fields', { q, ...range });
      const items = fields.map(({ name, values }) => ({ name, values: values.slice(0, 5) }));
      return { total, stepMs, counts, items, link: withQuery('/logs', { q, ...range }) };
    },
  }),
  tool({
    name: 'query_sql',
    title: 'SQL over telemetry',
    description:
      'One SELECT over application_logs, requests, metrics, checks, outbound_calls and the other tables of telemetry; read-only and limited. Postgres spellings such as percentile_cont are understood.',
    input: z.object({ sql: z.string().min(1).max(65_536) }),
    async run(api, { sql }) {
      const { columns, rows, elapsedMs } = await api.post<QueryAnswer>('/api/v1/query', { sql });
      return { columns, items: rows, elapsedMs, link: withQuery('/logs', { view: 'sql', sql }) };
    },
  }),
];
