import { ImportBuilder, type Imported } from './imported.ts';

/** A monitor of Uptime Kuma's backup file; what is read of it. */
type Kuma = Record<string, unknown>;

/** Reads a backup of Uptime Kuma (`monitorList`). */
export function importKuma(document: Record<string, unknown>): Imported {
  const builder = new ImportBuilder('Uptime Kuma');
  const list = Array.isArray(document['monitorList']) ? (document['monitorList'] as Kuma[]) : [];
  for (const monitor of list) importMonitor(monitor, builder);
  return builder.done();
}

const KINDS: Record<string, (monitor: Kuma, builder: ImportBuilder) => Record<string, unknown> | string> = {
  http: (monitor, builder) => webPage(monitor, builder),
  keyword: keyword,
  'json-query': jsonQuery,
  port: ({ hostname, port }) => ({ kind: 'tcp', host: hostname, port }),
  ping: ({ hostname }) => ({ kind: 'ping', host: hostname }),
  dns: nameRecords,
  push: push,
  postgres: (monitor, builder) => ({
    kind: 'postgres',
    url: builder.secret(nameOf(monitor), 'url'),
    query: text(monitor['databaseQuery']),
  }),
  redis: (monitor, builder) => ({ kind: 'redis', url: builder.secret(nameOf(monitor), 'url') }),
  smtp: ({ hostname, port, smtpSecurity }) => ({
    kind: 'smtp',
    host: hostname,
    port: port ?? undefined,
    ...(smtpSecurity === 'secure' ? { tls: true } : {}),
    ...(smtpSecurity === 'starttls' ? { starttls: true } : {}),
  }),
  'websocket-upgrade': ({ url }) => ({ kind: 'websocket', url }),
  group: () => 'left out: a group has no state of its own here; write `parent` in its members if one explains them',
  'real-browser': () => 'left out: write a journey of kind browser that opens the page',
};

function importMonitor(monitor: Kuma, builder: ImportBuilder): void {
  const name = nameOf(monitor);
  const kind = KINDS[String(monitor['type'])];
  if (monitor['upsideDown'] === true) {
    builder.note(name, 'left out: there is no upside-down mode');
    return;
  }
  const found = kind?.(monitor, builder) ?? `left out: there is no kind for "${String(monitor['type'])}"`;
  if (typeof found === 'string') {
    builder.note(name, found);
    return;
  }
  const labels = labelsOf(monitor['tags']);
  const timed = found['kind'] !== 'heartbeat';
  builder.add({
    name,
    ...found,
    ...(timed ? { check_interval: number(monitor['interval']), timeout: timeoutOf(monitor) } : {}),
    retries: number(monitor['maxretries'] ?? monitor['retries']),
    ...(monitor['active'] === false || monitor['active'] === 0 ? { paused: true } : {}),
    ...(labels ? { labels } : {}),
  });
}

function webPage(monitor: Kuma, builder: ImportBuilder): Record<string, unknown> {
  const name = nameOf(monitor);
  if (monitor['ignoreTls'] === true) {
    builder.note(name, 'certificates are always verified: name the authority in `ca` if it is a private one');
  }
  const statuses = Array.isArray(monitor['accepted_statuscodes']) ? monitor['accepted_statuscodes'] : ['200-299'];
  const expected = statuses.map((one) => (/^\d{3}$/.test(String(one)) ? Number(one) : one));
  const follow = monitor['maxredirects'] !== 0;
  return {
    url: monitor['url'],
    method: monitor['method'] === 'GET' ? undefined : (monitor['method'] ?? undefined),
    headers: headersOf(monitor, builder),
    body: text(monitor['body']),
    auth: authOf(monitor, builder),
    expected_status: expected.length === 1 ? expected[0] : expected,
    follow_redirects: follow ? undefined : false,
  };
}

function keyword(monitor: Kuma, builder: ImportBuilder): Record<string, unknown> | string {
  if (monitor['invertKeyword'] === true) return 'left out: a text that must not occur cannot be expected';
  return { ...webPage(monitor, builder), expected_text: text(monitor['keyword']) };
}

function jsonQuery(monitor: Kuma, builder: ImportBuilder): Record<string, unknown> {
  const path = text(monitor['jsonPath']) ?? '$';
  const operator = text(monitor['jsonPathOperator']) ?? '==';
  const wanted = JSON.stringify(text(monitor['expectedValue']) ?? '');
  const comparisons: Record<string, string> = {
    '==': `$string(${path}) = ${wanted}`,
    '!=': `$string(${path}) != ${wanted}`,
    contains: `$contains($string(${path}), ${wanted})`,
  };
  const expression = comparisons[operator] ?? `$number(${path}) ${operator} ${JSON.parse(wanted) || 0}`;
  return { ...webPage(monitor, builder), assertions: [`jsonata ${expression}`] };
}

function nameRecords({ hostname, dns_resolve_type: record, dns_resolve_server: server, port }: Kuma) {
  const first = text(server)?.split(',')[0]?.trim();
  return {
    kind: 'dns',
    host: hostname,
    record: record ?? undefined,
    resolver: first === undefined ? undefined : `${first}:${port ?? 53}`,
  };
}

function push(monitor: Kuma, builder: ImportBuilder): Record<string, unknown> {
  builder.note(nameOf(monitor), 'the job must call its new address, /ping/TOKEN, which `yumops monitors --json` shows');
  return { kind: 'heartbeat', every: number(monitor['interval']) ?? 60 };
}

function authOf(monitor: Kuma, builder: ImportBuilder): Record<string, unknown> | undefined {
  const name = nameOf(monitor);
  switch (monitor['authMethod']) {
    case 'basic':
      return {
        basic: { username: text(monitor['basic_auth_user']) ?? '', password: builder.secret(name, 'password') },
      };
    case 'oauth2-cc':
      return {
        oauth2: {
          token_url: text(monitor['oauth_token_url']) ?? '',
          client_id: text(monitor['oauth_client_id']) ?? '',
          client_secret: builder.secret(name, 'client_secret'),
          ...(text(monitor['oauth_scopes']) === undefined ? {} : { scope: text(monitor['oauth_scopes']) }),
        },
      };
    case 'mtls':
      builder.note(name, 'write client_certificate with the files of the certificate and its key');
      return undefined;
    case 'ntlm':
      builder.note(name, 'NTLM is not spoken here: the check will be refused');
      return undefined;
    default:
      return undefined;
  }
}

const SECRET_HEADER = /authorization|token|key|secret|cookie/i;

function headersOf(monitor: Kuma, builder: ImportBuilder): Record<string, string> | undefined {
  const written = text(monitor['headers']);
  if (written === undefined) return undefined;
  try {
    const headers = JSON.parse(written) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        SECRET_HEADER.test(name) ? builder.secret(nameOf(monitor), name) : String(value),
      ]),
    );
  } catch {
    builder.note(nameOf(monitor), 'its headers are not JSON and were left out');
    return undefined;
  }
}

function labelsOf(tags: unknown): Record<string, string> | undefined {
  if (!Array.isArray(tags) || tags.length === 0) return undefined;
  return Object.fromEntries(
    tags.map(({ name, value }: { name?: unknown; value?: unknown }) => [String(name), String(value || 'true')]),
  );
}

function timeoutOf({ timeout }: Kuma): number | undefined {
  const seconds = number(timeout);
  return seconds === undefined || seconds === 0 ? undefined : Math.round(seconds);
}

function nameOf({ name, url, hostname }: Kuma): string {
  return text(name) ?? text(url) ?? text(hostname) ?? 'Monitor';
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
