import { expect, test } from 'vitest';
import { definitionOf, textsOf } from './monitor-definition.ts';
import { KINDS } from './monitor-fields.ts';

test('fields become the keys of the configuration; what is left empty is left out', () => {
  const texts = {
    url: ' https://yumzoom.app ',
    expected_status: '200, 2xx',
    assertions: 'time < 800ms\n\nstatus == 200',
    headers: 'accept: application/json\nx-key: a:b',
    'auth.bearer': 't0ken',
    retries: '2',
    locations: 'local, fra',
    allow_private: 'on',
    expected_text: '',
    further: '{"badge": true}',
  };
  expect(definitionOf('http', 'Shop', texts)).toEqual({
    name: 'Shop',
    kind: 'http',
    badge: true,
    url: 'https://yumzoom.app',
    expected_status: [200, '2xx'],
    assertions: ['time < 800ms', 'status == 200'],
    headers: { accept: 'application/json', 'x-key': 'a:b' },
    auth: { bearer: 't0ken' },
    retries: 2,
    locations: ['local', 'fra'],
    allow_private: true,
  });
});

test.each([
  { name: 'Shop', kind: 'http', url: 'https://a.test', auth: { basic: { username: 'u', password: '[secret]' } } },
  {
    name: 'Shop',
    kind: 'http',
    url: 'https://a.test',
    expected_status: ['2xx'],
    labels: { team: 'shop' },
    paused: true,
  },
  { name: 'Path', kind: 'steps', steps: [{ name: 'a', url: 'https://a.test', save: { token: 'json.token' } }] },
  { name: 'Job', kind: 'heartbeat', schedule: '0 3 * * *', time_zone: 'Europe/Berlin', allow_private: false },
  { name: 'Name', kind: 'dns', host: 'a.test', record: 'A', expect: ['203.0.113.7', '203.0.113.8'] },
  { name: 'Mail', kind: 'smtp', host: 'a.test', port: 2525, starttls: true, auth: { username: 'u', password: 'p' } },
])('$name, of kind $kind, is the same after it was opened and saved', (definition) => {
  expect(definitionOf(definition.kind, definition.name, textsOf(definition))).toEqual(definition);
});

test('JSON that is none is refused', () => {
  expect(() => definitionOf('steps', 'Path', { steps: '[{' })).toThrow(SyntaxError);
});

test('every kind of a monitor that needs no code can be made', () => {
  expect(Object.keys(KINDS).sort()).toEqual(
    ['dns', 'domain', 'grpc', 'health', 'heartbeat', 'http', 'ping', 'postgres', 'redis'].concat([
      'smtp',
      'steps',
      'tcp',
      'tls',
      'websocket',
    ]),
  );
});
