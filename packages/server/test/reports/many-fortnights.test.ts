import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeReport, requestSection, rollingPeriod } from '../../src/care/reports/index.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';
import { fortnightStart, ROUTES, storeFortnight } from './seeded-history.ts';

/** `npm run soak -- reports` tries many; the tests two, the same each time. */
const FORTNIGHTS = Number(process.env['SOAK_FORTNIGHTS'] ?? 2);
const SEED = Number(process.env['SOAK_SEED'] ?? 7);
const DAY = 86_400_000;
const HOUR = 3_600_000;

let server: TelemetryServer;

beforeAll(async () => {
  server = await startTelemetryServer();
});

afterAll(() => server.stop());

async function weekly(from: number) {
  const sections = [requestSection({ telemetry: server.telemetry, deploys: async () => [] })];
  const period = rollingPeriod('weekly', from + 14 * DAY, 'UTC');
  return makeReport(sections, period, { service: 'yumzoom', publicUrl: '' });
}

async function clear(): Promise<void> {
  for (const table of ['request_rows', 'rule_buckets', 'rule_minutes']) {
    await server.telemetry.command(`TRUNCATE TABLE ${table}`);
  }
}

/** A route with enough requests, a moment in the second week, and how many times as slow; from a seed. */
function plantOf(seed: number, from: number) {
  const [method, path] = ROUTES[seed % 6] as (typeof ROUTES)[number];
  const since = from + 7 * DAY + ((seed * 7_919) % (6 * 24)) * HOUR;
  return { route: `${method} ${path}`, since, times: 2 + ((seed * 31) % 21) / 10 };
}

test(`a regression is named first and alone, and nothing is named without one, in ${FORTNIGHTS} fortnights from seed ${SEED}`, async () => {
  const from = fortnightStart(1);
  const wrong: string[] = [];
  for (let n = 0; n < FORTNIGHTS; n++) {
    const seed = SEED * 1_000 + n;
    const planted = plantOf(seed, from);
    await storeFortnight(server, { from, seed, planted });
    const found = await weekly(from);
    const [first, ...others] = found.todo;
    if (first?.subject !== planted.route || others.length > 0) {
      wrong.push(
        `seed ${seed}: ${JSON.stringify(planted)} gave ${JSON.stringify(found.todo.map(({ title }) => title))}`,
      );
    }
    await clear();
    await storeFortnight(server, { from, seed });
    const named = (await weekly(from)).sections.flatMap(({ changes }) => changes.map(({ text }) => text));
    if (named.length > 0) wrong.push(`seed ${seed} without a plant: ${named.join('; ')}`);
    await clear();
  }
  expect(wrong).toEqual([]);
}, 1_800_000);
