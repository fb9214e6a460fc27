import type { Overview, SloItem } from '@yumops/protocol';
import { z } from 'zod';
import { tool } from '../tool.ts';

export const overviewTools = [
  tool({
    name: 'get_overview',
    title: 'Is it fine?',
    description:
      'The verdict on the whole application in one sentence, what a person should do next (worst first), the golden signals, and what the platform itself lost or lags behind. Call this first.',
    input: z.object({}),
    async run(api) {
      const { verdict, sentence, since, todo, signals, pipeline } = await api.get<Overview>('/api/v1/overview');
      const values = signals.map(({ label, value, unit, href }) => ({ label, value, unit, href }));
      return { verdict, sentence, since, todo, signals: values, pipeline, link: '/' };
    },
  }),
  tool({
    name: 'get_health',
    title: 'Health of the platform',
    description: 'The health checks of YumOps itself (stores, spool, engines), each with its status and reason.',
    input: z.object({}),
    async run(api) {
      const health = await api.get<Record<string, unknown>>('/api/v1/health');
      return { ...health, link: '/settings' };
    },
  }),
  tool({
    name: 'list_slos',
    title: 'Service level objectives',
    description: 'Each objective as a sentence, what was attained, and what is left of its error budget.',
    input: z.object({}),
    async run(api) {
      const { items } = await api.get<{ items: SloItem[] }>('/api/v1/slos');
      const shown = items.map(({ name, sentence, state, attained, total, bad, budget }) => ({
        ...{ name, sentence, state, attained, total, bad, budget },
      }));
      return { items: shown, link: '/alerts' };
    },
  }),
];
