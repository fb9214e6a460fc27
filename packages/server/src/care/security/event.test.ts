import { expect, test } from 'vitest';
import { type EventRow, readEvent } from './event.ts';

const row = (more: Record<string, unknown>, attributes: Record<string, string> = {}): EventRow => ({
  ...{ timestamp: 1_795_000_000_000, project: '1', ip: '203.0.113.9', ...more },
  attributes: { account: 'acct_1', ...attributes },
});

test.each([
  ["the guide's name", { event: 'failed_authentication' }, {}, 'failure'],
  ['the OWASP name', { event: 'authn_login_fail' }, {}, 'failure'],
  ['the OWASP name with its facts', { event: 'authn_login_fail:joe' }, {}, 'failure'],
  ['both names', { event: 'failed_authentication' }, { owasp: 'authn_login_fail' }, 'failure'],
  ['a success', { event: 'successful_authentication' }, { owasp: 'authn_login_success' }, 'success'],
  ['a success after failures', { event: 'authn_login_successafterfail' }, {}, 'success'],
  [
    'the sum of failures told of before',
    { event: 'brute_force_detected' },
    { owasp: 'authn_login_fail_max' },
    undefined,
  ],
  ['a refusal without a look at the password', { event: 'failed_authentication' }, { reason: 'blocked' }, undefined],
  ['a refused request', { method: 'GET', statusCode: 404 }, { path: '/x' }, 'probe'],
  ['a request that was answered', { method: 'GET', statusCode: 200 }, {}, undefined],
  ["the platform's own record", { event: 'failed_authentication', project: 'yumops' }, {}, undefined],
])('%s', (_, more, attributes, kind) => {
  expect(readEvent(row(more, attributes))?.kind).toBe(kind);
});

test('an address in any form, a time in any form, an account under any key', () => {
  const read = readEvent({
    ...{ event: 'failed_authentication', timestamp: '2026-11-30T01:00:00Z', ip: '::FFFF:203.0.113.9' },
    attributes: { email: 'acct_2', 'geo.lat': '51.5', 'geo.lon': '-0.1', 'geo.country': 'GB' },
  });
  expect(read).toMatchObject({
    ...{ ip: '203.0.113.9', at: Date.UTC(2026, 10, 30, 1), account: 'acct_2', project: '1' },
    place: { country: 'GB', lat: 51.5, lon: -0.1 },
  });
});
