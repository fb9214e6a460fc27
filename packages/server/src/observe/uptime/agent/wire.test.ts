import { expect, test } from 'vitest';
import { Secret } from '../../../lib/secret.ts';
import { httpMonitor, monitorOf } from '../testing/monitors.ts';
import { packMonitor, unpackMonitor } from './wire.ts';

const overWire = (monitor: Parameters<typeof packMonitor>[0]) =>
  unpackMonitor(JSON.parse(JSON.stringify(packMonitor(monitor))));

test('a monitor arrives with its secrets, which stay masked', () => {
  const monitor = httpMonitor('https://yumzoom.app', {
    headers: { 'x-key': new Secret('s3cret') },
    auth: { kind: 'bearer', token: new Secret('t0ken') },
    expectedJson: { status: ['ok', null] },
  });
  const arrived = overWire(monitor) as typeof monitor;
  expect(arrived).toMatchObject({ id: 'api', expectedJson: { status: ['ok', null] }, expectedStatus: [200] });
  expect(arrived.headers['x-key']?.reveal()).toBe('s3cret');
  expect(JSON.stringify(arrived)).not.toMatch(/s3cret|t0ken/);
});

test('what only the platform needs does not travel', () => {
  const monitor = httpMonitor('https://yumzoom.app', {
    notifications: [{ channel: 'email', target: 'a@b.c', broken: null }],
    escalation: 'night',
    labels: { team: 'web' },
  });
  expect(overWire(monitor)).toMatchObject({ notifications: [], escalation: null, labels: {} });
});

test.each([
  { kind: 'postgres' as const, url: 'postgres://u:p@db:5432/x', assertions: ['value > 1'] },
  { kind: 'redis' as const, url: 'rediss://u:p@cache' },
  { kind: 'dns' as const, host: 'yumzoom.app', record: 'A', expect: ['203.0.113.7'] },
  { kind: 'steps' as const, steps: [{ name: 'a', url: 'https://x.test', save: { token: 'json.token' } }] },
])('kind $kind survives the journey', (raw) => {
  const monitor = monitorOf(raw);
  expect(JSON.stringify(overWire(monitor))).toBe(JSON.stringify({ ...monitor, notifications: [] }));
});
