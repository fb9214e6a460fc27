import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface StrictRegistry {
  url: string;
  /** What it was asked, by package. */
  asked: Record<string, string[]>[];
  /** Answers with this status instead. */
  status: number;
  close(): Promise<void>;
}

/** What npm's registry would say of a package. */
export type Advisories = Record<
  string,
  { id: number; url: string; title: string; severity: string; vulnerable_versions: string; cwe?: string[] }[]
>;

/**
 * A registry that takes only what npm's takes at the bulk audit endpoint: POST, JSON, `{name: [versions]}` with names and
 * versions as packages have them, plain or with gzip.
 */
export async function startStrictRegistry(advisories: Advisories): Promise<StrictRegistry> {
  const registry: StrictRegistry = { url: '', asked: [], status: 200, close: async () => undefined };
  const server: Server = createServer((request, response) => {
    void body(request).then((bytes) => {
      const problem = refusal(request, bytes);
      response.setHeader('content-type', 'application/json');
      if (problem !== null || registry.status !== 200) {
        response.statusCode = problem === null ? registry.status : 400;
        response.end(JSON.stringify({ error: problem ?? 'unavailable' }));
        return;
      }
      const asked = decode(request, bytes);
      registry.asked.push(asked);
      response.end(JSON.stringify(Object.fromEntries(Object.entries(advisories).filter(([name]) => name in asked))));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  registry.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  registry.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return registry;
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function decode({ headers }: IncomingMessage, bytes: Buffer): Record<string, string[]> {
  const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
  return JSON.parse(plain.toString()) as Record<string, string[]>;
}

function refusal(request: IncomingMessage, bytes: Buffer): string | null {
  if (request.url !== '/-/npm/v1/security/advisories/bulk') return 'no such endpoint';
  if (request.method !== 'POST') return 'wrong method';
  if (request.headers['content-type'] !== 'application/json') return 'wrong type';
  for (const [name, versions] of Object.entries(decode(request, bytes))) {
    if (!/^(?:@[a-z0-9-~][\w.~-]*\/)?[a-z0-9-~][\w.~-]*$/i.test(name)) return `${name} is no package`;
    if (!Array.isArray(versions) || versions.length === 0) return `${name} has no versions`;
    if (!versions.every((version) => /^\d+\.\d+\.\d+/.test(version))) return `${name} has a version that is none`;
  }
  return null;
}
