import { promises as dns, type LookupAddress } from 'node:dns';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../lib/errors.ts';

/** How long a connection to a site may take, milliseconds. */
const CONNECT_LIMIT = 15_000;
/** Headers that are of the connection to a proxy. */
const HOP_BY_HOP = ['proxy-connection', 'proxy-authorization', 'connection', 'keep-alive', 'te', 'trailer', 'upgrade'];

export interface GuardedProxyOptions {
  /** Whether an address may be called. */
  isAllowed(address: string): boolean;
  /** Addresses of a name; the machine's resolver by default. */
  resolve?(host: string): Promise<readonly LookupAddress[]>;
}

/** A proxy on a loopback port, for one browser. */
export interface GuardedProxy {
  /** `http://127.0.0.1:PORT` */
  url: string;
  close(): void;
}

/**
 * Starts the only way out of a journey's browser. A name is resolved here, once for each connection, and the address that was
 * judged is the one that is called: a name that answers differently a moment later, and a redirect, lead nowhere else.
 */
export async function startGuardedProxy(options: GuardedProxyOptions): Promise<GuardedProxy> {
  const server = createServer((request, response) => {
    forward(request, response, options).catch((error) => refuse(response, error));
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    tunnel(request, socket, head, options).catch((error) => {
      socket.on('error', () => undefined); // the browser may be gone already
      socket.end(`HTTP/1.1 ${statusOf(error)} Refused\r\nconnection: close\r\n\r\n`);
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A host of which no address may be called. */
class Refused extends Error {}

const statusOf = (error: unknown) => (error instanceof Refused ? 403 : 502);

async function addressOf(host: string, options: GuardedProxyOptions): Promise<string> {
  const { isAllowed, resolve = (name) => dns.lookup(name, { all: true }) } = options;
  const addresses = isIP(host) === 0 ? (await resolve(host)).map(({ address }) => address) : [host];
  const [first] = addresses;
  if (first === undefined) throw new Error(`${host} has no address`);
  // One refused address is enough: which of them answers is not the site's to choose.
  if (!addresses.every(isAllowed)) throw new Refused(`${host} has an address that journeys may not call`);
  return first;
}

const bareHost = (hostname: string) => hostname.replace(/^\[|\]$/g, '');

/** Passes a plain request on, to the address that was judged. */
async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  options: GuardedProxyOptions,
): Promise<void> {
  const url = new URL(request.url ?? '');
  if (url.protocol !== 'http:') throw new Refused(`${url.protocol} is not passed on`);
  const host = await addressOf(bareHost(url.hostname), options);
  const headers: IncomingMessage['headers'] = { ...request.headers, host: url.host };
  for (const name of HOP_BY_HOP) delete headers[name];
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const onward = httpRequest(
      { host, port: url.port || 80, method: request.method, path: `${url.pathname}${url.search}`, headers },
      resolve,
    );
    onward.setTimeout(CONNECT_LIMIT * 4, () => onward.destroy(new Error('The site sent nothing for a minute')));
    onward.on('error', reject);
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(answer, response);
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(statusOf(error), { 'content-type': 'text/plain' }).end(messageOf(error));
}

/** Joins the browser with the address that was judged; what goes through is the business of the two. */
async function tunnel(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: GuardedProxyOptions,
): Promise<void> {
  const { hostname, port } = new URL(`https://${request.url}`);
  const host = await addressOf(bareHost(hostname), options);
  const onward = connect({ host, port: Number(port) || 443 });
  await new Promise<void>((resolve, reject) => {
    onward.setTimeout(CONNECT_LIMIT, () => onward.destroy(new Error('The site did not take the connection')));
    onward.once('connect', resolve).once('error', reject);
  });
  onward.setTimeout(0);
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
  if (head.length > 0) onward.write(head);
  socket.pipe(onward).pipe(socket);
  for (const [end, other] of [
    [socket, onward],
    [onward, socket],
  ] as const) {
    end.on('error', () => other.destroy());
    end.on('close', () => other.destroy());
  }
}
