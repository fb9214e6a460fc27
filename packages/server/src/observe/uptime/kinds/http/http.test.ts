import type { RequestListener } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../../../lib/secret.ts';
import type { CheckResult } from '../../check.ts';
import type { HttpMonitorConfig } from '../../config.ts';
import { makeCertificates, type TestCertificates } from '../../testing/certificates.ts';
import { checkContext, httpMonitor } from '../../testing/monitors.ts';
import { type Running, serveHttp, serveHttps, serveTcp } from '../../testing/servers.ts';
import { runHttpCheck } from './run.ts';

const seen: { method: string; url: string; headers: Record<string, unknown>; body: string }[] = [];

/** 100 MB of zeros in 100 KB. */
const bomb = gzipSync(Buffer.alloc(100_000_000));

const routes: Record<string, RequestListener> = {
  '/': (_request, response) => response.end('<h1>YumZoom</h1>'),
  '/health': (_request, response) => json(response, { status: 'healthy', checks: [{ name: 'database', ok: true }] }),
  '/degraded': (_request, response) => json(response, { status: 'degraded' }),
  '/gzip': (_request, response) => compressed(response, 'gzip', gzipSync('plain YumZoom text')),
  '/br': (_request, response) => compressed(response, 'br', brotliCompressSync('plain YumZoom text')),
  '/badgzip': (_request, response) => compressed(response, 'gzip', Buffer.from('this is not gzip at all')),
  '/204': (_request, response) => response.writeHead(204, { 'content-encoding': 'gzip' }).end(),
  '/headers': (_request, response) => response.writeHead(200, { 'x-long': 'y'.repeat(20_000) }).end(),
  '/bomb': (_request, response) => compressed(response, 'gzip', bomb),
  '/latin1': (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=iso-8859-1');
    response.end(Buffer.from('Crème brûlée', 'latin1'));
  },
  '/503': (_request, response) => {
    response.writeHead(503, { 'set-cookie': 'sid=very-secret', 'x-api-key': 'k-123456', 'x-trace': 'abc' });
    response.end(`down, your token was ${_request.headers.authorization}${'x'.repeat(5_000)}`);
  },
  '/large': (_request, response) => response.end(`${'x'.repeat(1_500_000)}needle`),
  '/hang': () => undefined,
  '/slowbody': (_request, response) => {
    response.write('begin');
  },
  '/cut': (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('only this');
    setImmediate(() => response.destroy());
  },
  '/reset': (request) => request.socket.destroy(),
  '/302': (_request, response) => redirect(response, 302, '/'),
  '/loop': (_request, response) => redirect(response, 302, '/loop'),
  '/endless': (request, response) => redirect(response, 302, `/endless?n=${Math.random()}${request.url?.length}`),
  '/ftp': (_request, response) => redirect(response, 302, 'ftp://127.0.0.1/'),
  '/metadata': (_request, response) => redirect(response, 302, 'http://169.254.169.254/latest/meta-data/'),
  '/public': (_request, response) => redirect(response, 302, 'https://yumzoom.app/health'),
  '/echo': (_request, response) => response.end('ok'),
  '/post302': (_request, response) => redirect(response, 302, '/echo'),
  '/post307': (_request, response) => redirect(response, 307, '/echo'),
  '/slow': (_request, response) => void setTimeout(() => response.end('late'), 120),
};

function json(response: Parameters<RequestListener>[1], value: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

function compressed(response: Parameters<RequestListener>[1], encoding: string, body: Buffer): void {
  response.setHeader('content-encoding', encoding);
  response.end(body);
}

function redirect(response: Parameters<RequestListener>[1], status: number, location: string): void {
  response.writeHead(status, { location });
  response.end();
}

const answer: RequestListener = (request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on('end', () => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    const route = routes[(request.url ?? '').split('?')[0] ?? ''];
    if (route) route(request, response);
    else response.writeHead(404).end('no such page');
  });
};

let server: Running;
let other: Running;
beforeAll(async () => {
  server = await serveHttp(answer);
  other = await serveHttp(answer);
});
afterAll(() => Promise.all([server.close(), other.close()]));

function check(path: string, changes: Partial<HttpMonitorConfig> = {}, targets = {}): Promise<CheckResult> {
  return runHttpCheck(httpMonitor(`${server.url}${path}`, changes), checkContext({ targets }));
}

function phaseSum(result: CheckResult): number {
  return Object.values(result.phases).reduce<number>((sum, phase) => sum + (phase ?? 0), 0);
}

describe('answers', () => {
  const good: [what: string, path: string, changes: Partial<HttpMonitorConfig>][] = [
    ['status 200', '/', {}],
    ['one of several statuses', '/302', { expectedStatus: [200, 302], followRedirects: false }],
    ['a redirect followed', '/302', {}],
    ['text', '/', { expectedText: 'YumZoom' }],
    ['text in a gzip body', '/gzip', { expectedText: 'plain YumZoom' }],
    ['text in a brotli body', '/br', { expectedText: 'plain YumZoom' }],
    ['text in another character set', '/latin1', { expectedText: 'Crème brûlée' }],
    ['a JSON subset', '/health', { expectedJson: { status: 'healthy' } }],
    ['a JSON subset in a list', '/health', { expectedJson: { checks: [{ name: 'database' }] } }],
    ['a body over the limit that nobody asks about', '/large', {}],
    ['HEAD', '/', { method: 'HEAD' }],
    ['HEAD of a gzip body', '/gzip', { method: 'HEAD' }],
    ['an answer without a body that claims gzip', '/204', { expectedStatus: [204] }],
  ];

  test.each(good)('%s is up', async (_what, path, changes) => {
    const result = await check(path, changes);
    expect(result).toMatchObject({ verdict: 'up', reason: null, evidence: null });
  });

  const bad: [path: string, changes: Partial<HttpMonitorConfig>, reason: string | RegExp][] = [
    ['/503', {}, 'Expected status 200, got 503 Service Unavailable.'],
    ['/nowhere', { expectedStatus: [200, 302] }, 'Expected status 200 or 302, got 404 Not Found.'],
    ['/302', { followRedirects: false }, 'Expected status 200, got 302 Found.'],
    ['/', { expectedText: 'Pizza' }, 'Expected the text "Pizza", but it is not in the 16 bytes of the body.'],
    ['/large', { expectedText: 'needle' }, 'Expected the text "needle", but it is not in the first 1 MiB of the body.'],
    ['/degraded', { expectedJson: { status: 'healthy' } }, 'Expected json.status to be "healthy", found "degraded".'],
    ['/health', { expectedJson: { a: { b: 1 } } }, 'Expected json.a to be {"b":1}, but it is absent.'],
    [
      '/health',
      { expectedJson: { checks: [{ name: 'redis' }] } },
      'Expected json.checks to contain {"name":"redis"}, found [{"name":"database","ok":true}].',
    ],
    ['/', { expectedJson: { status: 'healthy' } }, 'Expected JSON, got "<h1>YumZoom</h1>".'],
    ['/large', { expectedJson: {} }, 'Expected JSON, but the body is larger than 1 MiB and was not read to its end.'],
    ['/hang', { timeoutMs: 400 }, 'Timed out after 400 ms while waiting for the first byte of the answer.'],
    ['/slowbody', { timeoutMs: 400 }, 'Timed out after 400 ms while reading the body.'],
    ['/cut', {}, 'The connection closed after 9 bytes, before the whole body had come.'],
    ['/reset', {}, 'The server closed the connection before it answered.'],
    ['/headers', {}, 'The headers of the answer are larger than 16 KB.'],
    ['/bomb', { expectedText: 'x' }, 'Expected the text "x", but it is not in the first 1 MiB of the body.'],
    ['/badgzip', {}, 'The body could not be decoded as gzip: incorrect header check.'],
    ['/loop', {}, /^Redirect loop: http:\/\/127\.0\.0\.1:\d+\/loop leads back to itself\.$/],
    ['/endless', {}, /^More than 10 redirects, the last to http:\/\/127\.0\.0\.1:\d+\/endless\?n=/],
    ['/ftp', {}, /redirects to "ftp:\/\/127\.0\.0\.1\/", which is not an HTTP address\.$/],
    [
      '/metadata',
      {},
      'The address 169.254.169.254 is a link-local or metadata address and was refused. Name 169.254.169.254 in allow_private to check it.',
    ],
    [
      '/',
      { allowPrivate: false },
      'The address 127.0.0.1 is a private address and was refused. Set allow_private: true to check it.',
    ],
  ];

  test.each(bad)('%s with %o is down', async (path, changes, reason) => {
    const result = await check(path, changes);
    expect(result.verdict).toBe('down');
    expect(result.reason).toMatch(reason);
    if (typeof reason === 'string') expect(result.reason).toBe(reason);
  });

  test('an answer slower than max_response_time is degraded', async () => {
    const result = await check('/slow', { maxResponseTimeMs: 50 });
    expect(result.verdict).toBe('degraded');
    expect(result.reason).toMatch(/^Expected an answer within 50 ms, it took \d+ ms\.$/);
  });
});

describe('assertions', () => {
  const json = (path: (string | number)[]) => ({ kind: 'json', path }) as const;
  const jsonata = (expression: string): HttpMonitorConfig['assertions'][number] => ({
    text: `jsonata ${expression}`,
    subject: { kind: 'jsonata', expression },
    op: '==',
    value: true,
  });
  const table: [HttpMonitorConfig['assertions'][number], string | null][] = [
    [{ text: 'status in [200, 202]', subject: { kind: 'status' }, op: 'in', value: [200, 202] }, null],
    [{ text: 'json.status == "healthy"', subject: json(['status']), op: '==', value: 'healthy' }, null],
    [{ text: 'json.checks[0].ok == true', subject: json(['checks', 0, 'ok']), op: '==', value: true }, null],
    [
      {
        text: 'header.content-type contains json',
        subject: { kind: 'header', name: 'Content-Type' },
        op: 'contains',
        value: 'json',
      },
      null,
    ],
    [{ text: 'body contains database', subject: { kind: 'body' }, op: 'contains', value: 'database' }, null],
    [{ text: 'time < 4s', subject: { kind: 'time' }, op: '<', value: 4_000 }, null],
    [
      { text: 'json.status == "ill"', subject: json(['status']), op: '==', value: 'ill' },
      'Expected json.status == "ill", found "healthy".',
    ],
    [{ text: 'json.no != 1', subject: json(['no']), op: '!=', value: 1 }, 'Expected json.no != 1, found nothing.'],
    [
      { text: 'status in [201]', subject: { kind: 'status' }, op: 'in', value: [201] },
      'Expected status in [201], found 200.',
    ],
    [
      { text: 'certificate.days > 14', subject: { kind: 'certificate' }, op: '>', value: 14 },
      'Expected certificate.days > 14, found nothing.',
    ],
    [
      { text: 'body contains nothing-like-it', subject: { kind: 'body' }, op: 'contains', value: 'nothing-like-it' },
      'Expected body contains nothing-like-it, found no such text in the body.',
    ],
    [jsonata('checks[ok = true] and status = "healthy"'), null],
    [jsonata('$count(checks) > 5'), 'Expected JSONata $count(checks) > 5, found false.'],
  ];

  test.each(table)('%o', async (assertion, reason) => {
    expect((await check('/health', { assertions: [assertion] })).reason).toBe(reason);
  });
});

describe('phases', () => {
  test('do not overlap, and those that were not needed are null', async () => {
    const result = await check('/slow');
    expect(result.phases).toMatchObject({ dns: null, tls: null });
    expect(result.phases.connect).toBeGreaterThan(0);
    expect(result.phases.firstByte).toBeGreaterThanOrEqual(110);
    expect(result.phases.body).not.toBeNull();
    expect(phaseSum(result)).toBeLessThanOrEqual(result.durationMs);
  });

  test('after a refused connection nothing later was reached', async () => {
    const closed = await serveHttp(answer);
    await closed.close();
    const result = await runHttpCheck(httpMonitor(closed.url), checkContext());
    expect(result.reason).toBe(`The connection to 127.0.0.1:${closed.port} was refused.`);
    expect(result).toMatchObject({
      statusCode: null,
      evidence: null,
      phases: { tls: null, firstByte: null, body: null },
    });
  });

  test('a name that does not exist is a DNS failure', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }));
    const result = await runHttpCheck(httpMonitor('http://no.such.host/'), checkContext({ resolve }));
    expect(result.reason).toBe('DNS could not resolve no.such.host: there is no such name.');
    expect(result.phases).toMatchObject({ connect: null, firstByte: null });
  });

  test('a DNS look-up that hangs ends at the timeout', async () => {
    const context = checkContext({ resolve: () => new Promise(() => undefined) });
    const result = await runHttpCheck(httpMonitor('http://slow.host/', { timeoutMs: 100 }), context);
    expect(result.reason).toBe('Timed out after 100 ms while waiting for DNS.');
    expect(result.durationMs).toBeGreaterThanOrEqual(99);
  });

  test('a peer that is silent in the TLS handshake ends at the timeout', async () => {
    const silent = await serveTcp(() => undefined);
    const result = await runHttpCheck(
      httpMonitor(`https://127.0.0.1:${silent.port}`, { timeoutMs: 100 }),
      checkContext(),
    );
    expect(result.reason).toBe('Timed out after 100 ms while making the TLS handshake.');
    await silent.close();
  });

  test('an answer that is not HTTP is named', async () => {
    const odd = await serveTcp((socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9\r\n')));
    const result = await runHttpCheck(httpMonitor(odd.url), checkContext());
    expect(result.reason).toMatch(/^The answer is not HTTP: /);
    await odd.close();
  });
});

describe('what is sent', () => {
  test('method, body, headers and credentials', async () => {
    const auth = { kind: 'basic', username: 'ann', password: new Secret('pw-12345') } as const;
    await check('/echo', { method: 'POST', body: '{"a":1}', auth, headers: { 'X-Team': new Secret('red') } });
    expect(seen.at(-1)).toMatchObject({
      method: 'POST',
      body: '{"a":1}',
      headers: { authorization: `Basic ${Buffer.from('ann:pw-12345').toString('base64')}`, 'x-team': 'red' },
    });
  });

  test('user and password of the address', async () => {
    await runHttpCheck(httpMonitor(`${server.url.replace('//', '//ann:p%40ss@')}/echo`), checkContext());
    expect(seen.at(-1)?.headers['authorization']).toBe(`Basic ${Buffer.from('ann:p@ss').toString('base64')}`);
  });

  test('a POST becomes a GET after 302 and stays a POST after 307', async () => {
    await check('/post302', { method: 'POST', body: 'x=1' });
    expect(seen.at(-1)).toMatchObject({ method: 'GET', url: '/echo', body: '' });
    await check('/post307', { method: 'POST', body: 'x=1' });
    expect(seen.at(-1)).toMatchObject({ method: 'POST', url: '/echo', body: 'x=1' });
  });

  test('credentials do not follow a redirect to another origin', async () => {
    routes['/away'] = (_request, response) => redirect(response, 302, `${other.url}/echo`);
    await check('/away', { auth: { kind: 'bearer', token: new Secret('t-12345') } });
    expect(seen.at(-2)?.headers['authorization']).toBe('Bearer t-12345');
    expect(seen.at(-1)).toMatchObject({ url: '/echo' });
    expect(seen.at(-1)?.headers['authorization']).toBeUndefined();
  });

  test('a redirect to a rewritten origin goes where the monitor goes', async () => {
    const result = await check(
      '/public',
      { expectedJson: { status: 'healthy' } },
      { 'https://yumzoom.app': server.url },
    );
    expect(result).toMatchObject({ verdict: 'up' });
  });
});

describe('evidence', () => {
  test('keeps status, masked headers and the first 4 KB', async () => {
    const result = await check('/503', { auth: { kind: 'bearer', token: new Secret('t-secret-1') } });
    expect(result.evidence).toMatchObject({
      status: 503,
      headers: { 'set-cookie': '[masked]', 'x-api-key': '[masked]', 'x-trace': 'abc' },
    });
    expect(result.evidence?.body).toHaveLength(4096);
    expect(result.evidence?.body).toMatch(/^down, your token was \[masked\]x/);
  });
});

describe('TLS', () => {
  let certificates: TestCertificates;
  beforeAll(() => {
    certificates = makeCertificates();
  });

  const cases: [name: 'good' | 'expired' | 'selfSigned' | 'wrongHost', reason: string | null][] = [
    ['good', null],
    ['expired', 'The certificate of localhost expired on 2020-02-01.'],
    ['selfSigned', 'The certificate of localhost is self-signed and not trusted.'],
    ['wrongHost', 'Expected a certificate for localhost, got one for other.example.'],
  ];

  test.each(cases)('a certificate that is %s', async (name, reason) => {
    let requests = 0;
    const secure = await serveHttps(certificates[name], (_request, response) => {
      requests += 1;
      response.end('ok');
    });
    const result = await runHttpCheck(httpMonitor(secure.url), checkContext({ ca: [certificates.authority] }));
    expect(result.reason).toBe(reason);
    expect(requests).toBe(reason === null ? 1 : 0);
    expect(result.certificate?.issuer).toBe(name === 'selfSigned' ? 'localhost' : 'YumOps Test CA');
    expect(result.phases.tls).toBeGreaterThan(0);
    expect(phaseSum(result)).toBeLessThanOrEqual(result.durationMs);
    if (name === 'good') expect(result.certificate?.days).toBeGreaterThanOrEqual(19);
    await secure.close();
  });

  test('an authority that is not trusted', async () => {
    const secure = await serveHttps(certificates.good, (_request, response) => response.end('ok'));
    const result = await runHttpCheck(httpMonitor(secure.url), checkContext());
    expect(result.reason).toMatch(/^The certificate of localhost comes from "YumOps Test CA", which is not trusted/);
    await secure.close();
  });

  test('a port that does not speak TLS', async () => {
    const result = await runHttpCheck(httpMonitor(`https://127.0.0.1:${server.port}`), checkContext());
    expect(result.reason).toBe('The TLS handshake with 127.0.0.1 failed: the server does not speak TLS on this port.');
  });
});
