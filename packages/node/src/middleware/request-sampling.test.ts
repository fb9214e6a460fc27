import { expect, it } from 'vitest';
import { configure, pipeline } from '../runtime/pipeline.ts';
import { capturingLogger } from '../testing/capturing-logger.ts';
import { RecordingServer, until } from '../testing/recording-server.ts';
import { withFetchLog } from './fetch-handler.ts';
import { AdaptiveSampler, isDrawn } from './request-sampling.ts';

it('writes all while requests are few, and about as many as it may when they are many', () => {
  const sampler = new AdaptiveSampler(10);
  const secondOf = (second: number, requests: number) =>
    Array.from({ length: requests }, () => sampler.share(second * 1000)).reduce((sum, share) => sum + share, 0);
  expect(secondOf(1, 10)).toBe(10);
  // The first second of a storm is not foreseen, and bounded all the same.
  expect(secondOf(2, 1000)).toBeLessThan(60);
  expect(secondOf(3, 1000)).toBeCloseTo(10, 5);
  expect(secondOf(4, 5)).toBeLessThan(5);
  expect(secondOf(5, 5)).toBe(5);
});

it('draws all parts of one trace, or none', () => {
  const ids = Array.from({ length: 1000 }, (_, n) => ((n * 4_294_967) >>> 0).toString(16).padStart(32, '0'));
  expect(ids.filter((id) => isDrawn(id, 0.25)).length).toBeCloseTo(250, -1);
  expect(isDrawn('f'.repeat(32), 1)).toBe(true);
});

it('never leaves out errors, warnings or slow ones, and counts all', async () => {
  const yumops = await new RecordingServer().listen();
  configure({ url: yumops.url, key: 'k', transport: { interval: 1 } });
  const { logger, records } = capturingLogger();
  const options = { logger, sampling: { perSecond: 0 }, warnOn: [429] };
  const handler = withFetchLog(
    (request) => new Response(null, { status: Number(new URL(request.url).pathname.slice(1)) }),
    options,
  );
  for (const status of [200, 200, 404, 429, 500]) await handler(new Request(`http://x.test/${status}`));
  const slow = withFetchLog(() => new Response(null), { ...options, slowAfter: -1 });
  await slow(new Request('http://x.test/slow'));
  expect(records.map(({ level, statusCode, slow: flag }) => `${level} ${statusCode} ${flag}`)).toEqual([
    ...['warn 429 false', 'error 500 false', 'info 200 true'],
  ]);
  await pipeline().flush(5_000);
  const counts = await until(() => {
    const found = yumops.records.filter(({ name }) => name === 'http_requests');
    return found.length >= 4 && found;
  });
  const byStatus: Record<string, number> = {};
  for (const { value, labels } of counts) {
    const { status } = labels as { status: string };
    byStatus[status] = (byStatus[status] ?? 0) + Number(value);
  }
  expect(byStatus).toEqual({ '2xx': 3, '4xx': 2, '5xx': 1 });
  await yumops.close();
});

it('warns of what clients do wrong only where it is asked to', async () => {
  const levels: unknown[] = [];
  for (const warnOn of [undefined, '4xx', [429]] as const) {
    const { logger, records } = capturingLogger();
    const handler = withFetchLog(() => new Response(null, { status: 404 }), { logger, ...(warnOn && { warnOn }) });
    await handler(new Request('http://x.test/'));
    levels.push(records[0]?.['level']);
  }
  expect(levels).toEqual(['info', 'warn', 'info']);
});
