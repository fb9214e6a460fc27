import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import dns2 from 'dns2';
import { SMTPServer } from 'smtp-server';
import { WebSocketServer } from 'ws';
import { freePort } from '../../src/engines/index.ts';
import {
  type KeyPair,
  makeCertificates,
  type TestCertificates,
} from '../../src/observe/uptime/testing/certificates.ts';
import { listen, type Running, serveHttp, serveTcp } from '../../src/observe/uptime/testing/servers.ts';
import { startTestState, type TestState } from '../engines.ts';
import { RedisServer } from '../support/redis-server.mjs';

/** One real server of each kind on loopback ports. */
export interface KindServers {
  state: TestState;
  certificates: TestCertificates;
  web: Running;
  /** Wants a client certificate. */
  mutual: Running;
  /** TLS with a certificate of each kind. */
  tls: Record<'good' | 'soon' | 'expired' | 'selfSigned' | 'wrongHost', Running>;
  /** Takes connections and says nothing. */
  mute: Running;
  /** A port at which nobody listens. */
  closed: number;
  redis: number;
  smtp: number;
  grpc: number;
  dns: number;
  socket: string;
  stop(): Promise<void>;
}

/** Starts all of them. */
export async function startKindServers(): Promise<KindServers> {
  const certificates = makeCertificates();
  const state = await startTestState();
  const web = await serveHttp(answerWeb);
  const mutual = await serveMutual(certificates);
  const secure = (pair: KeyPair) => listen(createTlsServer({ key: pair.key, cert: pair.cert }), 'tls://localhost');
  const { good, soon, expired, selfSigned, wrongHost } = certificates;
  const tls = {
    good: await secure(good),
    soon: await secure(soon),
    expired: await secure(expired),
    selfSigned: await secure(selfSigned),
    wrongHost: await secure(wrongHost),
  };
  const mute = await serveTcp(() => undefined);
  const redis = await RedisServer.start(['--requirepass', 'sesame', '--databases', '4']);
  const smtp = await startSmtp(certificates);
  const health = await startGrpc();
  const names = await startDns();
  const socket = await startWebSocket();
  const running = [web, mutual, ...Object.values(tls), mute, socket];
  return {
    ...{ state, certificates, web, mutual, tls, mute, closed: await freePort() },
    ...{ redis: redis.port, smtp: smtp.port, grpc: health.port, dns: names.port, socket: `${socket.url}/live` },
    async stop() {
      await Promise.all(running.map((server) => server.close()));
      await Promise.all([redis.remove(), smtp.stop(), names.stop(), state.stop()]);
      health.stop();
    },
  };
}

const REGISTERED = (end: string, status: string) => ({
  objectClassName: 'domain',
  events: [{ eventAction: 'expiration', eventDate: end }],
  status: [status],
});

/** Pages, a token service, a health report, a registry of domains. */
const answerWeb: Parameters<typeof serveHttp>[0] = (request, response) => {
  const { authorization = '' } = request.headers;
  const json = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const routes: Record<string, () => unknown> = {
    '/page': () => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>YumZoom</h1>'),
    '/json': () => json(200, { status: 'healthy', items: [1, 2] }),
    '/private': () => response.writeHead(authorization === 'Bearer tok-1' ? 200 : 401).end(),
    '/token': () => json(authorization.startsWith('Basic ') ? 200 : 401, { access_token: 'tok-1', expires_in: 600 }),
    '/moved': () => response.writeHead(302, { location: '/page' }).end(),
    '/metadata': () => response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end(),
    '/broken': () => response.writeHead(500).end('out of order'),
    '/hang': () => undefined,
    '/health': () => json(200, { status: 'healthy', checks: { database: { status: 'healthy', responseTime: 4 } } }),
    '/ill': () =>
      json(503, { status: 'unhealthy', checks: { database: { status: 'unhealthy', details: { error: 'refused' } } } }),
    '/domain/fine.test': () => json(200, REGISTERED('2099-01-01T00:00:00Z', 'active')),
    '/domain/over.test': () => json(200, REGISTERED('2020-01-01T00:00:00Z', 'active')),
    '/domain/held.test': () => json(200, REGISTERED('2099-01-01T00:00:00Z', 'server hold')),
  };
  const route = routes[request.url ?? ''] ?? (() => json(404, {}));
  route();
};

function serveMutual({ authority, good }: TestCertificates): Promise<Running> {
  const options = { ...good, ca: authority, requestCert: true, rejectUnauthorized: true };
  return listen(
    createHttpsServer(options, (_request, response) => response.end('hello')),
    'https://localhost',
  );
}

async function startSmtp({ good }: TestCertificates): Promise<{ port: number; stop(): Promise<void> }> {
  const server = new SMTPServer({
    ...good,
    authOptional: true,
    onAuth: ({ username, password }, _session, callback) =>
      username === 'ann' && password === 'sesame' ? callback(null, { user: 'ann' }) : callback(new Error('Bad login')),
  });
  server.on('error', () => undefined);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    port: (server.server.address() as AddressInfo).port,
    stop: () => new Promise((done) => server.close(done)),
  };
}

/** gRPC's own library with the health service: `orders` is serving, `mail` is not, others are unknown. */
async function startGrpc(): Promise<{ port: number; stop(): void }> {
  const server = new grpc.Server();
  const bytes = (value: Buffer) => value;
  const check: grpc.handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    const service = call.request.toString('utf8', 2);
    if (service === '' || service === 'orders') callback(null, Buffer.from([0x08, 1]));
    else if (service === 'mail') callback(null, Buffer.from([0x08, 2]));
    else callback({ code: grpc.status.NOT_FOUND, details: 'unknown service' });
  };
  const method = {
    ...{ path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false },
    ...{ requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes },
  };
  server.addService({ Check: method }, { Check: check });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}

async function startDns(): Promise<{ port: number; stop(): Promise<void> }> {
  const { Packet } = dns2;
  const server = dns2.createServer({
    udp: true,
    handle(request, send) {
      const response = Packet.createResponseFromRequest(request);
      const name = request.questions[0]?.name ?? '';
      if (name === 'gone.test') response.header.rcode = 3;
      else if (name === 'broken.test') response.header.rcode = 2;
      else {
        const { TYPE, CLASS } = Packet;
        response.answers.push({ name, type: TYPE.A, class: CLASS.IN, ttl: 60, address: '203.0.113.7' });
      }
      send(response);
    },
  });
  await server.listen({ udp: { port: 0, address: '127.0.0.1' } });
  return { port: server.addresses().udp.port, stop: () => server.close() };
}

async function startWebSocket(): Promise<Running> {
  const { createServer } = await import('node:http');
  const http = createServer((_request, response) => response.writeHead(404).end());
  new WebSocketServer({ server: http, path: '/live' }).on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (message) => socket.send(`you said ${message}`));
  });
  return listen(http, 'ws://127.0.0.1');
}
