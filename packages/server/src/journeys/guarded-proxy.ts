import { promises as dns, type LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, isIP, type Socket } from 'node:net';
import { codeOf } from '../lib/errors.ts';

/** How long the browser may take to say whom it wants, and a site to take the connection, milliseconds. */
const CONNECT_LIMIT = 15_000;

/** Bytes of SOCKS version 5 (RFC 1928). */
const VERSION = 5;
const NO_LOGIN = 0;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;
const JOINED = 0;

export interface GuardedProxyOptions {
  /** Whether an address may be called. */
  isAllowed(address: string): boolean;
  /** Addresses of a name; the machine's resolver by default. */
  resolve?(host: string): Promise<readonly LookupAddress[]>;
}

/** A SOCKS proxy on a loopback port, for one browser. */
export interface GuardedProxy {
  /** `socks5://127.0.0.1:PORT` */
  url: string;
  /** The last failure to reach a host, in the browser's own terms, such as `ERR_CONNECTION_REFUSED`. */
  failureOf(host: string, port: number): string | undefined;
  close(): void;
}

/**
 * Starts the only way out of a journey's browser. A name is resolved here, once for each connection, and the address that was
 * judged is the one that is called: a name that answers differently a moment later, and a redirect, lead nowhere else.
 * A site that cannot be reached is a failed connection in the browser, never a page.
 */
export async function startGuardedProxy(options: GuardedProxyOptions): Promise<GuardedProxy> {
  const failures = new Map<string, string>();
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined); // the browser may be gone at any moment
    serve(socket, options, failures).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `socks5://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failureOf: (host, port) => failures.get(`${host} ${port}`),
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** Why a host is not reached: the browser's name of it and the reply byte of the protocol. */
class Unreached extends Error {
  readonly failure: string;
  readonly reply: number;

  constructor(failure: string, reply: number) {
    super(failure);
    this.failure = failure;
    this.reply = reply;
  }
}

const FAILURES: Record<string, Unreached> = {
  ENOTFOUND: new Unreached('ERR_NAME_NOT_RESOLVED', 4),
  EAI_AGAIN: new Unreached('ERR_NAME_NOT_RESOLVED', 4),
  ECONNREFUSED: new Unreached('ERR_CONNECTION_REFUSED', 5),
  ECONNRESET: new Unreached('ERR_CONNECTION_RESET', 5),
  ETIMEDOUT: new Unreached('ERR_CONNECTION_TIMED_OUT', 4),
  EHOSTUNREACH: new Unreached('ERR_ADDRESS_UNREACHABLE', 4),
  ENETUNREACH: new Unreached('ERR_ADDRESS_UNREACHABLE', 3),
};

function unreached(error: unknown): Unreached {
  if (error instanceof Unreached) return error;
  return FAILURES[codeOf(error) ?? ''] ?? new Unreached('ERR_CONNECTION_FAILED', 1);
}

/** Joins the browser with the address that was judged; what goes through is the business of the two. */
async function serve(socket: Socket, options: GuardedProxyOptions, failures: Map<string, string>): Promise<void> {
  socket.setTimeout(CONNECT_LIMIT, () => socket.destroy());
  const { host, port } = await readRequest(socket);
  socket.setTimeout(0);
  const key = `${host} ${port}`;
  try {
    const onward = await reach(await addressOf(host, options), port);
    failures.delete(key);
    socket.write(reply(JOINED));
    join(socket, onward);
  } catch (error) {
    const { failure, reply: code } = unreached(error);
    failures.set(key, failure);
    socket.end(reply(code));
  }
}

const reply = (code: number) => Buffer.from([VERSION, code, 0, IPV4, 0, 0, 0, 0, 0, 0]);

async function readRequest(socket: Socket): Promise<{ host: string; port: number }> {
  const [version, methods] = await take(socket, 2);
  if (version !== VERSION) throw new Error('Not SOCKS 5');
  await take(socket, methods as number);
  socket.write(Buffer.from([VERSION, NO_LOGIN]));
  const [, command, , kind] = await take(socket, 4);
  const host = await readHost(socket, kind as number);
  const port = (await take(socket, 2)).readUInt16BE();
  if (command !== CONNECT) throw new Error('Only connections are passed on');
  return { host, port };
}

async function readHost(socket: Socket, kind: number): Promise<string> {
  if (kind === IPV4) return (await take(socket, 4)).join('.');
  if (kind === NAME) return (await take(socket, (await take(socket, 1)).readUInt8())).toString('latin1');
  if (kind !== IPV6) throw new Error('Not a kind of address');
  const bytes = await take(socket, 16);
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The next `count` bytes. */
async function take(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(count) as Buffer | null;
    if (bytes?.length === count) return bytes;
    if (bytes || socket.readableEnded || count === 0) throw new Error('The browser ended in the middle');
    await once(socket, 'readable');
  }
}

async function addressOf(host: string, options: GuardedProxyOptions): Promise<string> {
  const { isAllowed, resolve = (name) => dns.lookup(name, { all: true }) } = options;
  const addresses = isIP(host) === 0 ? (await resolve(host)).map(({ address }) => address) : [host];
  const [first] = addresses;
  if (first === undefined) throw new Unreached('ERR_NAME_NOT_RESOLVED', 4);
  // One refused address is enough: which of them answers is not the site's to choose.
  if (!addresses.every(isAllowed)) throw new Unreached('ERR_ACCESS_DENIED', 2);
  return first;
}

async function reach(host: string, port: number): Promise<Socket> {
  const onward = connect({ host, port });
  onward.setTimeout(CONNECT_LIMIT, () => onward.destroy(new Unreached('ERR_CONNECTION_TIMED_OUT', 4)));
  await once(onward, 'connect');
  onward.setTimeout(0);
  return onward;
}

function join(socket: Socket, onward: Socket): void {
  socket.pipe(onward).pipe(socket);
  for (const [end, other] of [
    [socket, onward],
    [onward, socket],
  ] as const) {
    end.on('error', () => other.destroy());
    end.on('close', () => other.destroy());
  }
}
