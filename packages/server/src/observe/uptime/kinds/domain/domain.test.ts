import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeClock } from '../../../../lib/clock.ts';
import { checkOnce } from '../../testing/monitors.ts';
import { type Running, serveHttp } from '../../testing/servers.ts';

const registered = (eventDate: string, status: string[] = ['active']) => ({
  objectClassName: 'domain',
  events: [
    { eventAction: 'registration', eventDate: '2020-01-01T00:00:00Z' },
    { eventAction: 'expiration', eventDate },
  ],
  status,
});

const ANSWERS: Record<string, [status: number, body: unknown, headers?: Record<string, string>]> = {
  'fine.test': [200, registered('2026-12-31T00:00:00Z')],
  'moved.test': [302, '', { location: '/registry/domain/fine.test' }],
  'soon.test': [200, registered('2026-01-20T00:00:00Z')],
  'over.test': [200, registered('2026-01-01T00:00:00Z')],
  'held.test': [200, registered('2026-12-31T00:00:00Z', ['client transfer prohibited', 'server hold'])],
  'silent.test': [200, { objectClassName: 'domain', events: [] }],
  'busy.test': [429, { title: 'slow down' }],
  'page.test': [200, '<html>'],
};

let server: Running;
beforeAll(async () => {
  server = await serveHttp((request, response) => {
    const [status, body, headers] = ANSWERS[request.url?.split('/').at(-1) ?? ''] ?? [404, {}];
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
});
afterAll(() => server.close());

const clock = new FakeClock(Date.UTC(2026, 0, 5, 10));
const check = (host: string, rdap = `${server.url}/`) => checkOnce({ kind: 'domain', host, rdap }, { clock });

test.each([
  ['fine.test', 'up', null],
  ['moved.test', 'up', null],
  [
    'soon.test',
    'degraded',
    'Expected soon.test to be registered for at least 30 days, it ends on 2026-01-20, in 14 days.',
  ],
  ['over.test', 'down', 'Expected over.test to be registered, its registration ended on 2026-01-01.'],
  ['held.test', 'down', 'Expected held.test to be active, its registry says "server hold".'],
  ['free.test', 'down', 'Expected free.test to be registered, its registry does not know it.'],
  ['silent.test', 'unknown', expect.stringContaining('does not tell when the registration of silent.test ends.')],
  ['busy.test', 'unknown', expect.stringContaining('it answered 429 Too Many Requests.')],
  ['page.test', 'unknown', expect.stringContaining('it answered 200 OK.')],
])('%s is %s', async (host, verdict, reason) => {
  expect(await check(host)).toMatchObject({ verdict, reason });
});

test('a registry that cannot be reached says nothing of the domain', async () => {
  const gone = await serveHttp(() => undefined);
  await gone.close();
  expect(await check('fine.test', gone.url)).toMatchObject({
    verdict: 'unknown',
    reason: expect.stringContaining('was refused. Set rdap to the address'),
  });
});
