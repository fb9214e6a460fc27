import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export type JsonRecord = Record<string, unknown>;

/** A batch that arrived, also when it was answered with an error. */
export interface ReceivedBatch {
  id: string;
  key: string | undefined;
  status: number;
  records: JsonRecord[];
}

/** What to answer; undefined is 202. `hang` never answers. */
export type Script = (
  batch: Omit<ReceivedBatch, 'status'>,
) => { status: number; headers?: Record<string, string>; body?: string } | 'hang' | undefined;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) {
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

/** A real HTTP server that takes NDJSON as YumOps does and remembers it. Used by tests only. */
export class RecordingServer {
  readonly batches: ReceivedBatch[] = [];
  script: Script = () => undefined;
  readonly #server: Server = createServer((request, response) => void this.#handle(request, response));
  #port = 0;

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Records of accepted batches; a batch id counts once, as the real server does it. */
  get records(): JsonRecord[] {
    const byId = new Map(this.batches.filter((batch) => batch.status === 202).map((batch) => [batch.id, batch]));
    return [...byId.values()].flatMap((batch) => batch.records);
  }

  /** It may listen again. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = gunzipSync(await bodyOf(request)).toString();
    const records = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonRecord);
    const batch = {
      id: String(request.headers['x-yumops-batch']),
      key: request.headers['x-yumops-key'] as string | undefined,
      records,
    };
    const answer = this.script(batch);
    if (answer === 'hang') {
      this.batches.push({ ...batch, status: 0 });
      return;
    }
    const status = answer?.status ?? 202;
    this.batches.push({ ...batch, status });
    response.writeHead(status, { 'content-type': 'application/json', ...answer?.headers });
    response.end(answer?.body ?? JSON.stringify({ accepted: records.length, rejected: [] }));
  }
}

/** Waits until `condition` gives something, looking every few milliseconds. @throws when `timeoutMs` have passed */
export async function until<Value>(condition: () => Value | undefined | false, timeoutMs = 25_000): Promise<Value> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) {
      return value;
    }
    if (performance.now() > end) {
      throw new Error(`the condition did not come true within ${timeoutMs} ms: ${condition}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
