import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** A request as a vendor got it. */
export interface Received {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface VendorAnswer {
  status: number;
  json?: unknown;
  headers?: Record<string, string>;
  /** Never answers. */
  hang?: boolean;
}

/** A local server that stands for a vendor's. */
export interface StrictVendor {
  base: string;
  requests: Received[];
  /** The requests that it took. */
  accepted: Received[];
  /** What it answers instead of judging requests. */
  force: VendorAnswer | null;
  stop(): Promise<void>;
}

/** Starts a server whose answers `judge` decides; what it answers below 300 counts as taken. */
export async function strictVendor(judge: (request: Received) => VendorAnswer): Promise<StrictVendor> {
  const state: StrictVendor = { base: '', requests: [], accepted: [], force: null, stop: async () => undefined };
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const url = new URL(request.url ?? '/', 'http://vendor');
    const received: Received = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(parts).toString('utf8'),
    };
    state.requests.push(received);
    const answer = state.force ?? judge(received);
    if (answer.hang) return;
    if (answer.status < 300) state.accepted.push(received);
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.json === undefined ? '' : JSON.stringify(answer.json));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  state.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  state.stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return state;
}

/** Why a JSON request is not what the vendor publishes, or undefined. */
export function jsonProblem(request: Received, shape: z.ZodType): string | undefined {
  if (request.method !== 'POST') return `method ${request.method}`;
  if (!request.headers['content-type']?.startsWith('application/json')) return 'content type';
  if (/\\ud[89a-f]/i.test(request.body)) return 'half a character';
  const read = shape.safeParse(JSON.parse(request.body));
  return read.success ? undefined : z.prettifyError(read.error);
}

/** The JSON of the newest request that was taken. */
export function lastTaken<Body = Record<string, unknown>>(vendor: StrictVendor): Body {
  return JSON.parse(vendor.accepted.at(-1)?.body ?? 'null') as Body;
}
