import { gzipSync } from 'node:zlib';
import { mutate } from '../crash/ingest-fuzz.mjs';
import { seededRandom } from '../crash/seeded-random.mjs';

const WORDS = [
  ...['x', '0', '-1', '1e999', 'NaN', 'null', '%00', '..%2f..%2fetc%2fpasswd', "' OR 1=1--", '$(id)', '{{7*7}}'],
  ...['%F0%9F%92%A5', '\u202e', '[object Object]', '__proto__', 'constructor', '9223372036854775808', '2026-13-45'],
  ...[
    'a'.repeat(700),
    'level:error',
    '"',
    '\\',
    '*',
    '(',
    '-',
    ':',
    'true',
    '1,2,3',
    'http://169.254.169.254/',
    '00000000000000000000000000000000',
  ],
];
const BODIES = [
  ...[
    '{}',
    '[]',
    'null',
    '""',
    '{"name":"x"}',
    '{"sql":"SELECT 1"}',
    '{"matchers":["a=\\"b\\""],"reason":"x","end":"2030-01-01T00:00:00Z"}',
  ],
  ...[
    '{"__proto__":{"role":"admin"}}',
    '{"constructor":{"prototype":{"role":"admin"}}}',
    `${'['.repeat(3_000)}`,
    '{"a":1e999}',
  ],
  ...[
    '{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"}\n{"type":"event"}\n{"message":"x"}',
    '{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}',
  ],
  ...[
    '[{"labels":{"alertname":"X"}}]',
    '{"timestamp":1,"level":"info","message":"x"}',
    'payload=%7B%7D',
    '\u0000\u0001\u0002',
  ],
];
const TYPES = [
  ...[
    'application/json',
    'application/json; charset=utf-16',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
  ],
  ...[
    'application/x-protobuf',
    'application/octet-stream',
    'application/x-sentry-envelope',
    'nonsense',
    'application/x-ndjson',
  ],
];
/** What no answer may hold: where code lies, what ran, how the stores are reached. */
const LEAKS = [/\bat [^\n"]{0,200}:\d+:\d+\)?/, /node_modules/, /postgres(ql)?:\/\/[^\s"]*:[^\s"[]+@/];
/** Statements, but for the route whose figures are shown with their query. */
const SHOWS_STATEMENTS = 'GET /api/v1/scaling';
const STATEMENT = /\bSELECT\b[^"]{0,200}\bFROM\b/;

/**
 * Sends requests that were made up to every route of a running platform, without a login and with those that are given.
 * @returns answers by status, what went wrong, and how often each route was asked by each login at least
 */
export async function fuzzRoutes({ url, routes, secrets, logins, requests, seed, print = () => {} }) {
  const random = seededRandom(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const result = { statuses: {}, failures: [], leaks: [] };
  const everybody = [{}, ...logins];
  /** Every route by everybody, in rounds, so that none is left out. */
  const asked = (index) => ({
    route: routes[Math.floor(index / everybody.length) % routes.length],
    login: everybody[index % everybody.length],
  });
  let sent = 0;
  const worker = async () => {
    while (sent < requests) {
      const { route, login } = asked(sent);
      sent += 1;
      if (sent % 10_000 === 0) print(`${sent}/${requests} requests`);
      await tryOut(url, makeRequest(random, pick, route, login), secrets, result);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return { ...result, rounds: Math.floor(requests / (routes.length * everybody.length)) };
}

function makeRequest(random, pick, route, login) {
  const path = route.path.replaceAll(/\{[^}]+\}/g, () => (random() < 0.5 ? encodeWord(pick(WORDS)) : 'x'));
  const names = [...(route.query ?? []), 'limit', 'cursor', 'q', 'from', 'to'];
  const query = Array.from({ length: Math.floor(random() * 4) }, () => `${pick(names)}=${encodeWord(pick(WORDS))}`);
  const headers = { ...login };
  const init = { method: route.method, headers, redirect: 'manual' };
  if (!['GET', 'HEAD'].includes(route.method) && random() < 0.9) {
    const body = mutate(random, pick(BODIES));
    headers['content-type'] = pick(TYPES);
    if (random() < 0.6) headers['content-type'] = 'application/json';
    if (random() < 0.15) headers['content-encoding'] = pick(['gzip', 'br', 'zstd', 'deflate', 'x']);
    init.body = random() < 0.1 ? gzipSync(body) : body;
  }
  return {
    where: `${route.method} ${route.path}`,
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    init,
  };
}

/** Some as they are, where a URL can hold them: a client need not be a polite one. */
function encodeWord(word) {
  return word.startsWith('%') || word.startsWith('..') ? word : encodeURIComponent(word);
}

async function tryOut(url, { where, path, init }, secrets, result) {
  const enough = new AbortController();
  const answer = await fetch(url + path, { ...init, signal: enough.signal });
  const status = answer.status;
  result.statuses[status] = (result.statuses[status] ?? 0) + 1;
  const endless = answer.headers.get('content-type')?.includes('event-stream');
  const text = endless ? '' : await answer.text();
  enough.abort();
  const told = `${where} ${path.slice(0, 200)} ${String(init.body ?? '').slice(0, 200)} → ${status} ${text.slice(0, 300)}`;
  if (status >= 500 && result.failures.length < 20) result.failures.push(told);
  const leak = [
    ...secrets.filter((secret) => text.includes(secret)),
    ...(isPage(answer) ? [] : LEAKS.filter((pattern) => pattern.test(text))),
    ...(where !== SHOWS_STATEMENTS && STATEMENT.test(text) ? [STATEMENT] : []),
  ];
  if (leak.length > 0 && result.leaks.length < 20) result.leaks.push(`${leak[0]}: ${told}`);
}

/** The console's own files may say what they like; they are the same for everybody. */
function isPage(answer) {
  return /html|javascript|css/.test(answer.headers.get('content-type') ?? '');
}
