import { expect, test } from 'vitest';
import type { MonitorKindName } from '../config.ts';
import { monitorOf } from '../testing/monitors.ts';
import { importMonitors } from './index.ts';

/** A reference to a variable of the environment. */
const variable = (name: string) => `$\{${name}}`;

const KUMA = {
  version: '1.23.13',
  monitorList: [
    {
      id: 1,
      name: 'Shop',
      type: 'http',
      url: 'https://yumzoom.app',
      method: 'POST',
      interval: 20,
      timeout: 48,
      maxretries: 2,
      active: true,
      accepted_statuscodes: ['200-299', '304'],
      headers: '{"Accept": "text/html", "Authorization": "Bearer s3cret"}',
      body: '{"a":1}',
      maxredirects: 0,
      authMethod: 'basic',
      basic_auth_user: 'probe',
      basic_auth_pass: 'hunter2',
      tags: [
        { name: 'team', value: 'web' },
        { name: 'prod', value: '' },
      ],
    },
    {
      name: 'Shop',
      type: 'keyword',
      url: 'https://yumzoom.app/menu',
      keyword: 'Pizza',
      accepted_statuscodes: ['200'],
      maxretries: 0,
    },
    {
      name: 'Api',
      type: 'json-query',
      url: 'https://yumzoom.app/api',
      jsonPath: 'checks[0].ok',
      expectedValue: 'true',
      ignoreTls: true,
    },
    { name: 'Port', type: 'port', hostname: '127.0.0.1', port: 6379, active: 0 },
    { name: 'Host', type: 'ping', hostname: '127.0.0.1' },
    {
      name: 'Zone',
      type: 'dns',
      hostname: 'yumzoom.app',
      dns_resolve_type: 'MX',
      dns_resolve_server: '1.1.1.1',
      port: 53,
    },
    { name: 'Nightly', type: 'push', interval: 3600, pushToken: 'abc' },
    { name: 'Db', type: 'postgres', databaseConnectionString: 'postgres://u:p@db/x', databaseQuery: 'select 1' },
    { name: 'Cache', type: 'redis', databaseConnectionString: 'redis://:p@cache' },
    { name: 'Not', type: 'http', url: 'https://x.test', upsideDown: true },
    { name: 'Folder', type: 'group' },
    { name: 'Queue', type: 'mqtt' },
  ],
};

const GATUS = {
  endpoints: [
    {
      name: 'website',
      group: 'core',
      url: 'https://yumzoom.app/health',
      interval: '30s',
      client: { timeout: '5s' },
      headers: { 'X-Api-Key': 'abc', Accept: 'application/json', Authorization: variable('TOKEN') },
      alerts: [{ type: 'slack', 'failure-threshold': 4, 'success-threshold': 2 }],
      conditions: [
        '[STATUS] == any(200, 429)',
        '[RESPONSE_TIME] < 300',
        '[BODY].status == UP',
        '[BODY].count > 5',
        'len([BODY].items) == 3',
        'has([BODY].error) == false',
        '[BODY].name == pat(yum*)',
        '[CERTIFICATE_EXPIRATION] > 48h',
        '[DOMAIN_EXPIRATION] > 720h',
        '[IP] == 127.0.0.1',
      ],
    },
    { name: 'any status', url: 'http://127.0.0.1:1/', conditions: ['[BODY] == pat(*Pizza*)'] },
    { name: 'below', url: 'http://127.0.0.1:1/', client: { 'ignore-redirect': true }, conditions: ['[STATUS] < 400'] },
    { name: 'port', url: 'tcp://127.0.0.1:6379', conditions: ['[CONNECTED] == true'], enabled: false },
    { name: 'cert', url: 'tls://yumzoom.app:443', conditions: ['[CERTIFICATE_EXPIRATION] > 240h'] },
    {
      name: 'name',
      url: '8.8.8.8',
      dns: { 'query-name': 'yumzoom.app', 'query-type': 'A' },
      conditions: ['[DNS_RCODE] == NOERROR', '[BODY] == 203.0.113.7'],
    },
    { name: 'echo', url: 'icmp://yumzoom.app' },
    { name: 'live', url: 'wss://yumzoom.app/live', body: 'ping' },
    { name: 'shell', url: 'ssh://yumzoom.app:22' },
  ],
  'external-endpoints': [
    { name: 'backup', token: 't', heartbeat: { interval: '60m' } },
    { name: 'other', token: 't' },
  ],
};

/** Every monitor of an import must be one that the configuration takes. */
function compiled({ monitors }: ReturnType<typeof importMonitors>) {
  return monitors.map((monitor) => monitorOf({ kind: 'http' as MonitorKindName, ...monitor }));
}

test('a backup of Uptime Kuma', () => {
  const imported = importMonitors(KUMA);
  expect(compiled(imported).map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    'http Shop',
    'http Shop 2',
    'http Api',
    'tcp Port',
    'ping Host',
    'dns Zone',
    'heartbeat Nightly',
    'postgres Db',
    'redis Cache',
  ]);
  expect(imported.monitors[0]).toEqual({
    name: 'Shop',
    url: 'https://yumzoom.app',
    method: 'POST',
    headers: { Accept: 'text/html', Authorization: variable('SHOP_AUTHORIZATION') },
    body: '{"a":1}',
    auth: { basic: { username: 'probe', password: variable('SHOP_PASSWORD') } },
    expected_status: ['200-299', 304],
    follow_redirects: false,
    check_interval: 20,
    timeout: 48,
    retries: 2,
    labels: { team: 'web', prod: 'true' },
  });
  expect(imported.monitors[1]).toMatchObject({ expected_status: 200, expected_text: 'Pizza', retries: 0 });
  expect(imported.monitors[2]).toMatchObject({ assertions: ['jsonata $string(checks[0].ok) = "true"'] });
  expect(imported.monitors[3]).toMatchObject({ paused: true });
  expect(imported.monitors[5]).toMatchObject({ record: 'MX', resolver: '1.1.1.1:53' });
  expect(imported.variables).toEqual(['SHOP_AUTHORIZATION', 'SHOP_PASSWORD', 'DB_URL', 'CACHE_URL']);
  expect(JSON.stringify(imported)).not.toMatch(/s3cret|hunter2|u:p@/);
  expect(imported.notes.filter(({ message }) => message.startsWith('left out')).map(({ monitor }) => monitor)).toEqual([
    'Not',
    'Folder',
    'Queue',
  ]);
});

test('a configuration of Gatus', () => {
  const imported = importMonitors(GATUS);
  expect(compiled(imported).map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    'http website',
    'domain website domain',
    'http any status',
    'http below',
    'tcp port',
    'tls cert',
    'dns name',
    'ping echo',
    'websocket live',
    'heartbeat backup',
  ]);
  expect(imported.monitors[0]).toEqual({
    name: 'website',
    url: 'https://yumzoom.app/health',
    check_interval: '30s',
    timeout: '5s',
    retries: 3,
    recovery: 2,
    labels: { group: 'core' },
    headers: {
      'X-Api-Key': variable('WEBSITE_X_API_KEY'),
      Accept: 'application/json',
      Authorization: variable('TOKEN'),
    },
    expected_status: [200, 429],
    assertions: [
      'time < 300ms',
      'json.status == "UP"',
      'json.count > 5',
      'jsonata $count(items) = 3',
      'jsonata $exists(error) = false',
      'jsonata $contains($string(name), /^yum.*$/)',
      'certificate.days > 2',
    ],
  });
  expect(imported.monitors[1]).toMatchObject({ host: 'yumzoom.app', days: 30 });
  expect(imported.monitors[2]).toMatchObject({ expected_status: ['100-299', '400-599'], expected_text: 'Pizza' });
  expect(imported.monitors[3]).toMatchObject({ expected_status: '100-399', follow_redirects: false });
  expect(imported.monitors[6]).toMatchObject({ host: 'yumzoom.app', resolver: '8.8.8.8', expect: ['203.0.113.7'] });
  expect(imported.notes.map(({ monitor }) => monitor)).toEqual(['website', 'website', 'shell', 'backup', 'other']);
});

test.each([null, 'text', {}, { monitors: [] }])('%o is neither', (document) => {
  expect(() => importMonitors(document)).toThrow('neither a backup of Uptime Kuma nor a configuration of Gatus');
});
