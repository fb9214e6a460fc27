import { parseDuration } from '../../../lib/duration.ts';
import { type ReadCondition, readCondition } from './gatus-condition.ts';
import { ImportBuilder, type Imported } from './imported.ts';

type Section = Record<string, unknown>;

/** Reads a configuration of Gatus (`endpoints`, `external-endpoints`). */
export function importGatus(document: Section): Imported {
  const builder = new ImportBuilder('Gatus');
  for (const endpoint of sections(document['endpoints'])) importEndpoint(endpoint, builder);
  for (const endpoint of sections(document['external-endpoints'])) importExternal(endpoint, builder);
  if (sections(document['suites']).length > 0) builder.note('suites', 'left out: write them as monitors of kind steps');
  return builder.done();
}

function importEndpoint(endpoint: Section, builder: ImportBuilder): void {
  const name = nameOf(endpoint);
  const url = String(endpoint['url'] ?? '');
  const target = targetOf(endpoint, url);
  if (target === undefined) {
    builder.note(name, `left out: there is no kind for "${url}"`);
    return;
  }
  const kind = String(target['kind'] ?? 'http');
  const conditions = sections(endpoint['conditions'], 'string').map((one) => readCondition(one, kind));
  for (const { note } of conditions) if (note !== undefined) builder.note(name, note);
  const statuses = conditions.flatMap((one) => one.statuses ?? []);
  builder.add({
    name,
    ...target,
    ...timing(endpoint),
    ...(kind === 'http' ? web(endpoint, statuses, builder) : {}),
    ...demands(conditions),
  });
  const domain = conditions.find(({ domainDays }) => domainDays !== undefined)?.domainDays;
  if (domain !== undefined) addDomain(name, url, domain, builder);
}

/** What conditions ask of the answer. */
function demands(conditions: readonly ReadCondition[]): Section {
  const assertions = conditions.flatMap(({ assertion }) => assertion ?? []);
  const expected = conditions.flatMap(({ expect }) => expect ?? []);
  return {
    assertions: assertions.length > 0 ? assertions : undefined,
    expect: expected.length > 0 ? expected : undefined,
    expected_text: conditions.find(({ text }) => text !== undefined)?.text,
  };
}

/** What is only of HTTP. Without a condition on the status any is good. */
function web(endpoint: Section, statuses: readonly unknown[], builder: ImportBuilder): Section {
  const name = nameOf(endpoint);
  const client = section(endpoint['client']);
  if (client['insecure'] === true) {
    builder.note(name, 'certificates are always verified: name the authority in `ca` if it is a private one');
  }
  const stays = client['ignore-redirect'] === true;
  const any = stays ? ['100-599'] : ['100-299', '400-599'];
  const expected = statuses.length > 0 ? statuses : any;
  const { method, body } = endpoint;
  return {
    method: method === undefined || method === 'GET' ? undefined : method,
    body: typeof body === 'string' ? body : undefined,
    headers: headersOf(endpoint, builder),
    expected_status: expected.length === 1 ? expected[0] : expected,
    follow_redirects: stays ? false : undefined,
  };
}

function targetOf(endpoint: Section, url: string): Section | undefined {
  const dns = section(endpoint['dns']);
  if (dns['query-name'] !== undefined) {
    return {
      kind: 'dns',
      host: dns['query-name'],
      record: dns['query-type'] ?? 'A',
      resolver: url.replace(/^\w+:\/\//, ''),
    };
  }
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  switch (protocol) {
    case 'http:':
    case 'https:':
      return { url };
    case 'tcp:':
      return { kind: 'tcp', host, port: Number(port) };
    case 'tls:':
      return { kind: 'tls', host, port: Number(port || 443) };
    case 'starttls:':
      return { kind: 'smtp', host, port: Number(port || 25), starttls: true };
    case 'icmp:':
      return { kind: 'ping', host };
    case 'ws:':
    case 'wss:':
      return { kind: 'websocket', url, ...(typeof endpoint['body'] === 'string' ? { send: endpoint['body'] } : {}) };
    case 'grpc:':
    case 'grpcs:':
      return { kind: 'grpc', host, port: Number(port), ...(protocol === 'grpcs:' ? { tls: true } : {}) };
    default:
      return undefined;
  }
}

function importExternal(endpoint: Section, builder: ImportBuilder): void {
  const name = nameOf(endpoint);
  const every = section(endpoint['heartbeat'])['interval'];
  if (every === undefined) {
    builder.note(name, 'left out: a heartbeat needs the longest time between two beats');
    return;
  }
  builder.note(name, 'the job must call its new address, /ping/TOKEN, which `yumops monitors --json` shows');
  builder.add({ name, kind: 'heartbeat', every, ...(endpoint['enabled'] === false ? { paused: true } : {}) });
}

function addDomain(name: string, url: string, days: number, builder: ImportBuilder): void {
  const { hostname } = new URL(url);
  const host = hostname.split('.').slice(-2).join('.');
  builder.add({ name: `${name} domain`, kind: 'domain', host, days });
  builder.note(name, `the registration of ${host} is watched by a monitor of its own`);
}

function timing(endpoint: Section): Section {
  const thresholds = sections(endpoint['alerts']);
  const timeout = section(endpoint['client'])['timeout'];
  const failures = thresholds.map((alert) => Number(alert['failure-threshold'] ?? 3));
  const successes = thresholds.map((alert) => Number(alert['success-threshold'] ?? 2));
  const readable = (value: unknown) =>
    (typeof value === 'string' || typeof value === 'number') && parseDuration(value) !== undefined ? value : undefined;
  return {
    check_interval: readable(endpoint['interval']),
    timeout: readable(timeout),
    retries: failures.length === 0 ? undefined : Math.max(0, Math.min(...failures) - 1),
    recovery: successes.length === 0 ? undefined : Math.max(1, Math.min(...successes)),
    paused: endpoint['enabled'] === false ? true : undefined,
    labels: typeof endpoint['group'] === 'string' ? { group: endpoint['group'] } : undefined,
  };
}

const SECRET_HEADER = /authorization|token|key|secret|cookie/i;

function headersOf(endpoint: Section, builder: ImportBuilder): Record<string, string> | undefined {
  const headers = Object.entries(section(endpoint['headers']));
  if (headers.length === 0) return undefined;
  return Object.fromEntries(
    headers.map(([name, value]) => [
      name,
      SECRET_HEADER.test(name) && !/^\$\{\w+\}$/.test(String(value))
        ? builder.secret(nameOf(endpoint), name)
        : String(value),
    ]),
  );
}

function nameOf({ name, url }: Section): string {
  return String(name ?? url ?? 'Monitor');
}

function section(value: unknown): Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Section) : {};
}

function sections(value: unknown): Section[];
function sections(value: unknown, kind: 'string'): string[];
function sections(value: unknown, kind = 'object'): unknown[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === kind && one !== null) : [];
}
