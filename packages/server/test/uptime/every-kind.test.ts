import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { CheckContext } from '../../src/observe/uptime/check.ts';
import { MONITOR_SHAPES, type MonitorKindName } from '../../src/observe/uptime/config.ts';
import { createEvidenceFiles } from '../../src/observe/uptime/evidence/evidence-files.ts';
import { createBeatReader, keepSignal } from '../../src/observe/uptime/kinds/heartbeat/beat-store.ts';
import type { Signal } from '../../src/observe/uptime/kinds/heartbeat/beats.ts';
import { storeMonitors } from '../../src/observe/uptime/state-store.ts';
import { checkOnce, monitorOf } from '../../src/observe/uptime/testing/monitors.ts';
import { DirectoryBlobStore } from '../../src/store/blob/directory.ts';
import { postgresProbe } from '../../src/store/probes/index.ts';
import { type KindServers, startKindServers } from './kind-servers.ts';

/** The process of a journey runs built code. */
const BUILT = fileURLToPath(new URL('../../dist/journeys/index.js', import.meta.url));
const HOUR = 3_600_000;

type Keys = Record<string, unknown>;
type Failure = [what: string, keys: Keys, reason: RegExp];

/** What a monitor kind is tried on: a healthy target, and ways to fail with the reason in words. */
interface KindCase {
  healthy: Keys;
  /** Further ways to be healthy. */
  alsoHealthy?: Keys[];
  /** Three at least. */
  failures: [Failure, Failure, Failure, ...Failure[]];
}

let servers: KindServers;
let folder: string;
let context: Partial<CheckContext>;

beforeAll(async () => {
  servers = await startKindServers();
  folder = mkdtempSync(join(tmpdir(), 'yumops-kinds-'));
  const { createJourneyRunner } = (await import(BUILT)) as typeof import('../../src/journeys/index.ts');
  const keeper = createEvidenceFiles(async () => new DirectoryBlobStore(join(folder, 'blobs')), systemClock);
  const journeys = createJourneyRunner({ folder: join(folder, 'runs'), keeper });
  context = { postgres: postgresProbe, journeys, beats: createBeatReader(servers.state.db) };
  await storeBeats();
}, 120_000);
afterAll(async () => {
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Jobs that called, and what of. */
const JOBS: Record<string, Omit<Signal, 'at'> & { ago: number }> = {
  fine: { kind: 'success', exit: 0, output: '', ago: 1_000 },
  failed: { kind: 'fail', exit: 2, output: 'disk full\n', ago: 1_000 },
  late: { kind: 'success', exit: 0, output: '', ago: 3 * HOUR },
  endless: { kind: 'start', exit: null, output: '', ago: 2 * HOUR },
};

async function storeBeats(): Promise<void> {
  const { db } = servers.state;
  await storeMonitors(
    db,
    Object.keys(JOBS).map((name) => monitorOf({ kind: 'heartbeat', name, every: '1h' })),
    systemClock.now(),
  );
  for (const [monitorId, { ago, ...signal }] of Object.entries(JOBS)) {
    await keepSignal(db, monitorId, { ...signal, at: systemClock.now() - ago });
  }
}

/** By kind; a kind without a case does not compile. */
const CASES: Record<MonitorKindName, () => KindCase> = {
  http() {
    const at = (path: string, keys: Keys = {}) => ({ url: `${servers.web.url}${path}`, ...keys });
    const { authority, good } = servers.certificates;
    const oauth2 = { token_url: `${servers.web.url}/token`, client_id: 'ops', client_secret: 's3cret-s3cret' };
    const client_certificate = { cert: good.cert, key: good.key };
    return {
      healthy: at('/json', { expected_json: { status: 'healthy' }, assertions: ['jsonata $count(items) = 2'] }),
      alsoHealthy: [
        at('/moved', { expected_text: 'YumZoom' }),
        at('/private', { auth: { bearer: 'tok-1' } }),
        at('/private', { auth: { oauth2 } }),
        { url: servers.mutual.url, ca: authority, client_certificate },
      ],
      failures: [
        ['another status', at('/broken'), /^Expected status 200, got 500 Internal Server Error\.$/],
        ['another text', at('/page', { expected_text: 'Pizza' }), /^Expected .*"Pizza"/],
        ['no answer', at('/hang', { timeout: '400ms' }), /^Timed out after 400 ms while waiting for the first byte/],
        ['nobody there', { url: `http://127.0.0.1:${servers.closed}/` }, /^The connection to .* was refused\.$/],
        ['no login', at('/private'), /^Expected status 200, got 401 Unauthorized\.$/],
        ['no client certificate', { url: servers.mutual.url, ca: authority }, /certificate/i],
        ['a redirect to metadata', at('/metadata'), /169\.254\.169\.254 is a link-local or metadata address/],
        ['a private address', at('/page', { allow_private: false }), /is a (private|loopback).*refused/],
      ],
    };
  },
  health() {
    const at = (path: string, keys: Keys = {}) => ({ url: `${servers.web.url}${path}`, ...keys });
    return {
      healthy: at('/health'),
      failures: [
        ['a critical check', at('/ill'), /^The application is unhealthy: database \(refused\)\.$/],
        ['another page', at('/page'), /^Expected a health report, got "<h1>YumZoom<\/h1>"\.$/],
        ['no token', at('/private'), /401 Unauthorized: the report needs a valid token/],
      ],
    };
  },
  steps() {
    const url = (path: string) => `${servers.web.url}${path}`;
    const login = { name: 'login', url: url('/token'), auth: { basic: { username: 'a', password: 'b' } } };
    const save = { token: 'json.access_token' };
    const home = { name: 'home', url: url('/private'), headers: { authorization: 'Bearer {{token}}' } };
    return {
      healthy: { steps: [{ ...login, save }, home] },
      failures: [
        [
          'a step that fails',
          { steps: [{ name: 'login', url: url('/token') }] },
          /login.*Expected status 200, got 401/,
        ],
        [
          'a value that is not there',
          { steps: [{ ...login, save: { token: 'json.nothing' } }, home] },
          /login.*a value for token, it has none/,
        ],
        [
          'a step that hangs',
          { timeout: '400ms', steps: [{ name: 'wait', url: url('/hang') }] },
          /^.*Timed out after 400 ms/,
        ],
      ],
    };
  },
  tcp: () => ({
    healthy: { host: '127.0.0.1', port: servers.mute.port },
    failures: [
      ['nobody there', { host: '127.0.0.1', port: servers.closed }, /^The connection to .* was refused\.$/],
      ['no such name', { host: 'nowhere.invalid', port: 80 }, /nowhere\.invalid/],
      ['a metadata address', { host: '169.254.169.254', port: 80 }, /link-local or metadata address and was refused/],
    ],
  }),
  tls() {
    const at = (which: keyof KindServers['tls'], keys: Keys = {}) => ({
      ...{ host: 'localhost', port: servers.tls[which].port, ca: servers.certificates.authority },
      ...keys,
    });
    return {
      healthy: at('good'),
      failures: [
        ['a certificate that ended', at('expired'), /^The certificate of localhost expired on 2020-02-01\.$/],
        ['of another host', at('wrongHost'), /^Expected a certificate for localhost, got one for other\.example\.$/],
        ['self-signed', at('selfSigned'), /is self-signed and not trusted/],
        ['one that ends soon', at('soon'), /at least 14 days left, it ends on .*: in less than 7 days\.$/],
        ['an unknown authority', at('good', { ca: undefined }), /comes from "YumOps Test CA", which is not trusted/],
      ],
    };
  },
  dns() {
    const at = (host: string, keys: Keys = {}) => ({ host, resolver: `127.0.0.1:${servers.dns}`, ...keys });
    return {
      healthy: at('fine.test', { expect: ['203.0.113.7'] }),
      failures: [
        [
          'another address',
          at('fine.test', { expect: ['198.51.100.1'] }),
          /to contain 198\.51\.100\.1, found 203\.0\.113\.7\.$/,
        ],
        ['no such name', at('gone.test'), /there is no such name\.$/],
        ['a server that fails', at('broken.test'), /the name server failed\.$/],
        ['no server', at('fine.test', { resolver: `127.0.0.1:${servers.closed}` }), /no name server listens there\.$/],
      ],
    };
  },
  domain() {
    const at = (host: string, keys: Keys = {}) => ({ host, rdap: `${servers.web.url}/`, ...keys });
    return {
      healthy: at('fine.test'),
      failures: [
        ['one that ended', at('over.test'), /its registration ended on 2020-01-01\.$/],
        ['one that is held', at('held.test'), /its registry says "server hold"\.$/],
        ['one that is free', at('free.test'), /its registry does not know it\.$/],
        ['no registry', at('fine.test', { rdap: `http://127.0.0.1:${servers.closed}/` }), /was refused/],
      ],
    };
  },
  ping: () => ({
    healthy: { host: '127.0.0.1' },
    failures: [
      ['no such name', { host: 'nowhere.invalid' }, /nowhere\.invalid/],
      ['a metadata address', { host: '169.254.169.254' }, /link-local or metadata address and was refused/],
      ['a private address', { host: '127.0.0.1', allow_private: false }, /is a (private|loopback).*refused/],
    ],
  }),
  postgres() {
    const { url } = servers.state;
    const changed = (change: (address: URL) => void) => {
      const address = new URL(url);
      change(address);
      return { url: address.href };
    };
    return {
      healthy: { url, query: 'select count(*) from monitors', assertions: ['value >= 0'] },
      failures: [
        ['another value', { url, query: 'select 3', assertions: ['value > 3'] }, /^Expected value > 3, found "?3"?\.$/],
        ['no table', { url, query: 'select 1 from nowhere' }, /relation "nowhere" does not exist/],
        ['a query that writes', { url, query: 'delete from monitors' }, /in a read-only transaction/],
        [
          'no database',
          changed((address) => {
            address.pathname = '/nowhere';
          }),
          /was refused: database "nowhere" does not exist\.$/,
        ],
        [
          'nobody there',
          changed((address) => {
            address.port = String(servers.closed);
          }),
          /^The connection to .* was refused\.$/,
        ],
      ],
    };
  },
  redis() {
    const at = (login: string, port = servers.redis) => ({ url: `redis://${login}127.0.0.1:${port}/3` });
    return {
      healthy: at(':sesame@'),
      failures: [
        ['no login', at(''), /NOAUTH Authentication required/],
        ['another password', at(':wrong@'), /^Expected OK from AUTH, got "WRONGPASS/],
        ['no database', { url: `redis://:sesame@127.0.0.1:${servers.redis}/9` }, /DB index is out of range/],
        ['nobody there', at('', servers.closed), /^The connection to .* was refused\.$/],
        ['no answer', { ...at('', servers.mute.port), timeout: '400ms' }, /^Timed out after 400 ms/],
      ],
    };
  },
  smtp() {
    const ca = servers.certificates.authority;
    const at = (keys: Keys = {}) => ({ host: 'localhost', port: servers.smtp, ca, ...keys });
    const auth = (password: string) => ({ starttls: true, auth: { username: 'ann', password } });
    return {
      healthy: at(auth('sesame')),
      failures: [
        ['another password', at(auth('wrong')), /^Expected 235 as the answer to the login, got "535 Bad login"\.$/],
        ['a certificate nobody knows', at({ starttls: true, ca: undefined }), /which is not trusted/],
        ['nobody there', at({ port: servers.closed }), /^The connection to .* was refused\.$/],
        ['no greeting', at({ port: servers.mute.port, timeout: '400ms' }), /^Timed out after 400 ms/],
      ],
    };
  },
  websocket: () => ({
    healthy: { url: servers.socket, send: 'ping', expect: 'you said ping' },
    failures: [
      [
        'another answer',
        { url: servers.socket, send: 'a', expect: 'pong', timeout: '1s' },
        /"pong" within 1 s, its last message was "you said a"/,
      ],
      ['no socket there', { url: servers.socket.replace('/live', '/page') }, /got (400|404)/],
      ['nobody there', { url: `ws://127.0.0.1:${servers.closed}/` }, /^The connection to .* was refused\.$/],
    ],
  }),
  grpc() {
    const at = (keys: Keys = {}) => ({ host: '127.0.0.1', port: servers.grpc, ...keys });
    return {
      healthy: at({ service: 'orders' }),
      alsoHealthy: [at()],
      failures: [
        ['not serving', at({ service: 'mail' }), /NOT_SERVING|not serving/],
        ['an unknown service', at({ service: 'gone' }), /NOT_FOUND|unknown service|does not know/],
        ['nobody there', at({ port: servers.closed }), /^The connection to .* was refused\.$/],
        ['another protocol', at({ port: servers.web.port, timeout: '2s' }), /gRPC|HTTP\/2/],
      ],
    };
  },
  heartbeat: () => ({
    healthy: { name: 'fine', every: '1h' },
    failures: [
      ['a job that failed', { name: 'failed', every: '1h' }, /it failed with exit code 2 at .*: "disk full"\.$/],
      ['a job that is missing', { name: 'late', every: '1h' }, /^Expected a beat every 1 h, the last came at/],
      ['a job that runs too long', { name: 'endless', every: '9h', max_runtime: '1h' }, /it has run since/],
    ],
  }),
  browser() {
    const script = (body: string) => ({
      script: `export default async ({ page }) => { ${body} };`,
      timeout: '60s',
    });
    const open = (path: string) => `await page.goto('${servers.web.url}${path}');`;
    return {
      healthy: script(`${open('/page')} await page.getByText('YumZoom').waitFor();`),
      failures: [
        [
          'a text that does not come',
          script(`${open('/page')} await page.getByText('Pizza').waitFor({ timeout: 500 });`),
          /^Expected the journey to come to its end, at http.* it failed: .*Timeout 500ms exceeded/,
        ],
        ['nobody there', script(`await page.goto('http://127.0.0.1:${servers.closed}/');`), /ERR_CONNECTION_REFUSED/],
        ['a metadata address', script(`await page.goto('http://169.254.169.254/');`), /ERR_ACCESS_DENIED/],
      ],
    };
  },
};

test('every kind has a case', () => {
  expect(Object.keys(CASES).sort()).toEqual(Object.keys(MONITOR_SHAPES).sort());
});

describe.each(Object.keys(MONITOR_SHAPES) as MonitorKindName[])('%s', { timeout: 120_000 }, (kind) => {
  const check = (keys: Keys) => checkOnce({ kind, ...keys }, context);

  test('a healthy target is up', async () => {
    const { healthy, alsoHealthy = [] } = CASES[kind]();
    for (const keys of [healthy, ...alsoHealthy]) {
      expect(await check(keys)).toMatchObject({ verdict: 'up', reason: null });
    }
  });

  test('each way to fail is told in words', async () => {
    const { failures } = CASES[kind]();
    for (const [what, keys, reason] of failures) {
      const result = await check(keys);
      expect({ what, verdict: result.verdict }).toEqual({ what, verdict: expect.not.stringMatching(/^(up|pending)$/) });
      expect({ what, reason: result.reason }).toEqual({ what, reason: expect.stringMatching(reason) });
      // A sentence for people: it begins with a capital and ends with a stop.
      expect(result.reason).toMatch(/^[A-Z"].*[.!]$/s);
    }
  });
});
