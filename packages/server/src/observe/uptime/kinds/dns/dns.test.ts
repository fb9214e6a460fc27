import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkOnce } from '../../testing/monitors.ts';
import { type DnsAnswer, encodeName, type NameServer, serveDns } from '../../testing/name-server.ts';

const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);

const ZONE: Record<string, DnsAnswer> = {
  'yumzoom.test': { type: 1, data: [Buffer.from([203, 0, 113, 7]), Buffer.from([203, 0, 113, 8])] },
  'mail.test': { type: 15, data: [Buffer.concat([Buffer.from([0, 10]), encodeName('mx.mail.test')])] },
  'long.test': { type: 16, data: Array.from({ length: 20 }, (_, i) => text(`v=${i} ${'x'.repeat(80)}`)) },
  'alias.test': { type: 5, data: [encodeName('Target.test')] },
  'issue.test': { type: 257, data: [Buffer.concat([Buffer.from([0, 5]), Buffer.from('issueletsencrypt.org')])] },
  'broken.test': 'broken',
  'silent.test': 'silence',
};

let server: NameServer;
beforeAll(async () => {
  server = await serveDns((name) => ZONE[name] ?? 'missing');
});
afterAll(() => server.close());

const check = (host: string, keys: Record<string, unknown> = {}) =>
  checkOnce({ kind: 'dns', host, resolver: `127.0.0.1:${server.port}`, timeout: '3s', ...keys });

test.each([
  ['yumzoom.test', {}],
  ['yumzoom.test', { expect: ['203.0.113.7'] }],
  ['mail.test', { record: 'MX', expect: ['10 mx.mail.test.'] }],
  ['alias.test', { record: 'CNAME', expect: ['target.test'] }],
  ['issue.test', { record: 'CAA', expect: ['0 issue letsencrypt.org'] }],
])('%s %o is up', async (host, keys) => {
  const result = await check(host, keys);
  expect(result).toMatchObject({ verdict: 'up', reason: null, phases: { connect: null } });
  expect(result.phases.dns).toBeGreaterThan(0);
});

test('an answer that is too long for UDP is read over TCP', async () => {
  server.asked.length = 0;
  expect(await check('long.test', { record: 'TXT', expect: [`v=19 ${'x'.repeat(80)}`] })).toMatchObject({
    verdict: 'up',
  });
  expect(server.asked).toEqual(['udp', 'tcp']);
});

test.each([
  [
    'yumzoom.test',
    { expect: ['203.0.113.7', '198.51.100.1'] },
    'Expected the A records of yumzoom.test to contain 198.51.100.1, found 203.0.113.7, 203.0.113.8.',
  ],
  ['gone.test', {}, 'Expected A records of gone.test from 127.0.0.1:PORT: there is no such name.'],
  ['mail.test', { record: 'NS' }, 'Expected NS records of mail.test from 127.0.0.1:PORT: the name has none.'],
  ['broken.test', {}, 'Expected A records of broken.test from 127.0.0.1:PORT: the name server failed.'],
  ['silent.test', {}, 'Timed out after 3 s while waiting for DNS.'],
  [
    'yumzoom.test',
    { resolver: '169.254.169.254' },
    'The address 169.254.169.254 is a link-local or metadata address and was refused. Name 169.254.169.254 in allow_private to check it.',
  ],
])('%s %o is down', async (host, keys, reason) => {
  expect(await check(host, keys)).toMatchObject({ verdict: 'down', reason: reason.replace('PORT', `${server.port}`) });
});

test('a name server that is away', async () => {
  const away = await serveDns(() => 'missing');
  await away.close();
  expect(await check('yumzoom.test', { resolver: `127.0.0.1:${away.port}` })).toMatchObject({
    verdict: 'down',
    reason: `Expected A records of yumzoom.test from 127.0.0.1:${away.port}: no name server listens there.`,
  });
});
