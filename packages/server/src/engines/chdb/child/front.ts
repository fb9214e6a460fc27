import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Engine } from './engine.ts';
import { EngineError, engineError } from './engine-error.ts';
import { readStatement } from './request.ts';
import { HttpResult } from './response.ts';

export interface FrontOptions {
  engine: Engine;
  user: string;
  password: string;
  /** Settings of statements that do not set them. */
  defaults: ReadonlyMap<string, string>;
  /** The engine is beyond use: this process must end, so that its supervisor starts another. */
  onBroken: (error: EngineError) => void;
}

/** The engine has shut itself down after an internal error and answers everything with this code. */
const ABORTED = 236;

/** ClickHouse's HTTP interface in front of the engine, as far as `@clickhouse/client` uses it. */
export function createFront(options: FrontOptions): Server {
  const expected = Buffer.from(`Basic ${Buffer.from(`${options.user}:${options.password}`).toString('base64')}`);
  // The client sends parameters in the URL; a ClickHouse server takes 1 MiB there too.
  const server = createServer({ maxHeaderSize: 1_048_576 }, (request, response) => {
    const url = addressOf(request);
    response.setHeader('X-ClickHouse-Server-Display-Name', 'yumops');
    response.setHeader('X-ClickHouse-Timezone', 'UTC');
    if (url.pathname === '/ping') {
      response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
      response.end('Ok.\n');
      return;
    }
    void answer(options, expected, request, response, url);
  });
  server.keepAliveTimeout = 30_000;
  server.requestTimeout = 0;
  return server;
}

/** An address that is no URL, such as `//`, asks for nothing: it must not end the engine. */
function addressOf({ url = '/' }: IncomingMessage): URL {
  const base = 'http://localhost';
  return new URL(URL.canParse(url, base) ? url : '/', base);
}

async function answer(
  { engine, defaults, onBroken }: FrontOptions,
  expected: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort(engineError(394, 'QUERY_WAS_CANCELLED', 'The client went away'));
  });
  const result = new HttpResult(request, response, url, randomBytes(8).toString('hex'));
  try {
    if (!sameBytes(Buffer.from(request.headers.authorization ?? ''), expected)) {
      throw engineError(516, 'AUTHENTICATION_FAILED', 'Authentication failed: wrong user name or password');
    }
    const statement = await readStatement(request, url, defaults, randomUUID());
    response.setHeader('X-ClickHouse-Query-Id', statement.queryId);
    await engine.run(statement, result, gone.signal);
    result.end();
  } catch (thrown) {
    const error = EngineError.from(thrown);
    result.fail(error);
    if (error.code === ABORTED) onBroken(error);
  }
}

function sameBytes(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
