import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { afterEach, expect, test } from 'vitest';
import { makeCertificates } from '../../testing/certificates.ts';
import { checkOnce } from '../../testing/monitors.ts';
import { listen, type Running, serveTcp } from '../../testing/servers.ts';

const servers: Running[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

/** A `HealthCheckResponse` as a server sends it, with its five bytes in front. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 1]);
const NOT_SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 2]);
const EMPTY = Buffer.from([0, 0, 0, 0, 0]);

function answer(stream: ServerHttp2Stream, body: Buffer, status = '0', message = ''): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, 'grpc-message': message }));
  stream.end(body);
}

/** A health service that knows the services `orders` (serving) and `mail` (not serving). */
function healthService(stream: ServerHttp2Stream, headers: Record<string, unknown>): void {
  const known = headers[':path'] === '/grpc.health.v1.Health/Check';
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    const request = Buffer.concat(chunks);
    const service = request.toString('utf8', 7);
    if (!known) answer(stream, EMPTY, '12');
    else if (request.readUInt32BE(1) !== request.length - 5) answer(stream, EMPTY, '13', 'bad length');
    else if (service === '' || service === 'orders') answer(stream, SERVING);
    else if (service === 'mail') answer(stream, NOT_SERVING);
    else if (service === 'odd') answer(stream, EMPTY);
    else
      stream.respond({ ':status': 200, 'grpc-status': '5', 'grpc-message': 'unknown%20service' }, { endStream: true });
  });
}

async function serve(http: Http2Server, onStream: typeof healthService = healthService): Promise<number> {
  http.on('stream', onStream);
  http.on('sessionError', () => undefined);
  const server = await listen(http as never, 'http://127.0.0.1');
  servers.push(server);
  return server.port;
}

const check = (port: number, keys: Record<string, unknown> = {}) =>
  checkOnce({ kind: 'grpc', host: '127.0.0.1', port, timeout: '3s', ...keys });

test('a server, and a service of it, that is serving is up', async () => {
  const port = await serve(createServer());
  expect(await check(port)).toMatchObject({ verdict: 'up', reason: null });
  expect(await check(port, { service: 'orders' })).toMatchObject({ verdict: 'up' });
});

test.each([
  ['mail', 'Expected the service mail to be SERVING, it is NOT_SERVING.'],
  ['odd', 'Expected the service odd to be SERVING, it is UNKNOWN.'],
  ['nobody', 'Expected the service nobody to be SERVING, got gRPC error NOT_FOUND (unknown service).'],
])('the service %s is down', async (service, reason) => {
  expect(await check(await serve(createServer()), { service })).toMatchObject({ verdict: 'down', reason });
});

test('a server without the health service, one that hangs and one that is none are down', async () => {
  const without = await serve(createServer(), (stream) => answer(stream, Buffer.alloc(0), '12'));
  expect((await check(without)).reason).toBe('Expected the server to be SERVING, got gRPC error UNIMPLEMENTED.');
  const page = await serve(createServer(), (stream) => {
    stream.respond({ ':status': 404 });
    stream.end('not here');
  });
  expect((await check(page)).reason).toBe('Expected the server to be SERVING, got status 404 without gRPC.');
  const hung = await serve(createServer(), () => undefined);
  expect((await check(hung)).reason).toBe('Timed out after 3 s while waiting for the first byte of the answer.');
  const other = await serveTcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  servers.push(other);
  expect((await check(other.port)).reason).toMatch(/^The gRPC call failed: /);
  expect((await check(80, { host: '169.254.169.254' })).reason).toContain('metadata address and was refused');
});

test('over TLS the certificate must be trusted', async () => {
  const { authority, good } = makeCertificates();
  const port = await serve(createSecureServer({ key: good.key, cert: good.cert }) as unknown as Http2Server);
  const keys = { host: 'localhost', tls: true };
  expect(await check(port, { ...keys, ca: authority })).toMatchObject({ verdict: 'up', certificate: { days: 19 } });
  expect(await check(port, keys)).toMatchObject({ verdict: 'down', reason: expect.stringContaining('not trusted') });
});
