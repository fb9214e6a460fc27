import type { Overview } from '@yumops/protocol';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { type OverviewDeps, overviewRoutes } from './overview.ts';

const pipeline = { spoolBytes: 4_096, lagSeconds: 900, rejected: 3, dropped: 1 };

async function overviewOf(reach: readonly string[] | null): Promise<Overview> {
  const app = fastify();
  const telemetry = { within: () => telemetry, query: async () => [] };
  const deps = {
    ...{
      clock: systemClock,
      telemetry,
      instance: { service: 'shop' },
      pipeline: () => pipeline,
      configErrors: () => 0,
    },
    ...{ monitors: async () => [], firingAlerts: async () => [], ownProblems: async () => [] },
    guard: () => async (request: { reach?: unknown }) => {
      request.reach = reach;
    },
  };
  overviewRoutes(app, deps as unknown as OverviewDeps);
  return (await app.inject('/api/v1/overview')).json();
}

test('losses and lag of all projects are not shown within one', async () => {
  const whole = await overviewOf(null);
  expect(whole.pipeline).toEqual(pipeline);
  expect(whole.todo.map(({ title }) => title)).toContain('Telemetry arrives late');
  const own = await overviewOf(['1']);
  expect(own.pipeline).toBeNull();
  expect(own.todo.map(({ title }) => title)).not.toContain('Telemetry arrives late');
});
