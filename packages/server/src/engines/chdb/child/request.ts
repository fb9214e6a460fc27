import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Statement } from './engine.ts';
import { engineError } from './engine-error.ts';

/** Bytes of one request body after decompression. An insert is one block and is therefore held whole. */
const MAX_BODY = 256 * 1024 * 1024;

/** Parameters of ClickHouse's HTTP interface that are not settings and mean nothing here. */
const IGNORED = new Set(['wait_end_of_query', 'buffer_size', 'stacktrace', 'quota_key', 'user', 'password']);

/** Reads one request of ClickHouse's HTTP interface. @throws {EngineError} */
export async function readStatement(
  request: IncomingMessage,
  url: URL,
  defaults: ReadonlyMap<string, string>,
  fallbackId: string,
): Promise<Statement> {
  const parameters = url.searchParams;
  if (parameters.has('session_id')) {
    throw engineError(48, 'NOT_IMPLEMENTED', 'The embedded engine keeps no HTTP sessions: send no session_id');
  }
  const body = await readBody(request);
  const fromUrl = parameters.get('query') ?? '';
  const settings = new Map(defaults);
  const params = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (name.startsWith('param_')) params.set(name.slice('param_'.length), value);
    else if (!RESERVED.has(name) && !IGNORED.has(name)) settings.set(name, value);
  }
  const inserting = fromUrl !== '' && /^\s*INSERT\b/i.test(fromUrl);
  return {
    sql: inserting ? fromUrl : joinQuery(fromUrl, body),
    ...(inserting ? { data: body } : {}),
    queryId: parameters.get('query_id') ?? fallbackId,
    database: parameters.get('database') ?? 'default',
    format: parameters.get('default_format') ?? 'TabSeparated',
    settings,
    params,
  };
}

const RESERVED = new Set(['query', 'query_id', 'database', 'default_format']);

function joinQuery(fromUrl: string, body: Buffer): string {
  const text = body.toString('utf8');
  return fromUrl === '' ? text : `${fromUrl}\n${text}`;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of decoded(request)) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY) {
      throw engineError(241, 'MEMORY_LIMIT_EXCEEDED', `The request body is longer than ${MAX_BODY} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
}

function decoded(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return request;
  if (encoding === 'gzip') {
    const gunzip = createGunzip();
    request.on('error', (error) => gunzip.destroy(error));
    return request.pipe(gunzip);
  }
  throw engineError(48, 'NOT_IMPLEMENTED', `The embedded engine does not read content-encoding ${encoding}`);
}
