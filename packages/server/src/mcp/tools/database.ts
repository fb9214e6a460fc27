import type { DatabaseFindings, DatabaseItem, SessionStatus, StatementLoad } from '@yumops/protocol';
import { z } from 'zod';
import { withQuery } from '../../lib/query-string.ts';
import { tool } from '../tool.ts';
import { rangeBefore, since } from './range.ts';

const database = z.string().min(1).max(200).describe('Name of the database, as list_databases tells');
const at = (name: string) => `/api/v1/databases/${encodeURIComponent(name)}`;

export const databaseTools = [
  tool({
    name: 'list_databases',
    title: 'Databases',
    description: 'The watched databases, when they were last checked, and how many findings each has by severity.',
    input: z.object({}),
    async run(api) {
      const { items } = await api.get<{ items: DatabaseItem[] }>('/api/v1/databases');
      return { items, link: '/database' };
    },
  }),
  tool({
    name: 'list_database_findings',
    title: 'What is wrong with a database',
    description: 'Findings, worst first, each with its evidence and the exact statement that mends it.',
    input: z.object({ database }),
    async run(api, { database }) {
      const { at: checkedAt, items } = await api.get<DatabaseFindings>(`${at(database)}/findings`);
      return { checkedAt, items, link: withQuery('/database', { db: database }) };
    },
  }),
  tool({
    name: 'list_queries',
    title: 'The queries that cost most',
    description: 'Normalised statements by total time, with calls, mean time and share; no parameter values.',
    input: z.object({ database, ...since }),
    async run(api, { database, minutes }) {
      const { from, to } = rangeBefore(api.now, minutes);
      const span = { from: String(Date.parse(from)), to: String(Date.parse(to)) };
      const { items } = await api.get<{ items: StatementLoad[] }>(`${at(database)}/queries`, span);
      return { items: items.slice(0, 20), link: withQuery('/database', { db: database, view: 'queries' }) };
    },
  }),
  tool({
    name: 'list_database_sessions',
    title: 'Live activity and locks',
    description: 'Sessions of the database now: what each does, what it waits for, and which sessions block it.',
    input: z.object({ database, limit: z.number().int().min(1).max(200).default(50) }),
    async run(api, { database, limit }) {
      const { items } = await api.get<{ items: SessionStatus[] }>(`${at(database)}/activity`, { limit: String(limit) });
      return { items, link: withQuery('/database', { db: database, view: 'activity' }) };
    },
  }),
  tool({
    name: 'plan_maintenance',
    title: 'What maintenance would do',
    description:
      'The statements that maintenance would run on a database now, each with its reason. A dry run: nothing is changed.',
    input: z.object({ database }),
    async run(api, { database }) {
      const plan = await api.post<Record<string, unknown>>(`${at(database)}/maintenance/plan`);
      return { ...plan, link: withQuery('/database', { db: database, view: 'maintenance' }) };
    },
  }),
];
