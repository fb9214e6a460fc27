import type { ClientRequest, IncomingMessage } from 'node:http';
import { BATCH_HEADER } from '../transport/http-post.ts';
import type { Restriction } from './restriction.ts';
import { restrictionKey } from './restriction.ts';

/** The list as YumOps sends it. */
interface SentList {
  items: { action: Restriction['action']; kind: Restriction['kind']; value: string; until: string; why: string }[];
  allow: string[];
}

export interface PlatformListOptions {
  /** Origin of YumOps. */
  url: string;
  key: string | undefined;
  now: () => number;
  /** Pause after the first failure, milliseconds; it doubles up to 30 s. */
  backoff: number;
  /** Told of a restriction that was not on the list before. */
  added: (restriction: Restriction) => void;
  /** Told of one that somebody took away before its end. */
  lifted: (restriction: Restriction) => void;
}

const PATH = '/ingest/security/restrictions/stream';
/** The stream gives a sign of life every 15 s. */
const SILENCE_MS = 45_000;
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Restrictions that YumOps decided, followed as they change. While YumOps is away the last list holds, each item until its own
 * end.
 */
export class PlatformList {
  readonly #options: PlatformListOptions;
  #items = new Map<string, Restriction>();
  #allow: readonly string[] = [];
  #request: ClientRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;
  /** Why the list cannot be followed; undefined while it is. */
  trouble: string | undefined = 'not connected yet';

  constructor(options: PlatformListOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#request !== undefined || this.#closed) return;
    const url = new URL(PATH, this.#options.url);
    const { key } = this.#options;
    const headers = {
      accept: 'text/event-stream',
      [BATCH_HEADER]: 'stream',
      ...(key === undefined ? {} : { 'x-yumops-key': key }),
    };
    const request = opened(url, headers);
    if (request instanceof Error) {
      // An address or a key that no request can have: nothing that time repairs, and nothing to throw into the application.
      this.trouble = request.message;
      return;
    }
    this.#request = request;
    let over = false;
    const end = (reason: string) => {
      if (over) return;
      over = true;
      request.destroy();
      this.#request = undefined;
      this.#again(reason);
    };
    request.on('socket', (socket) => socket.unref());
    request.setTimeout(SILENCE_MS, () => end(`no sign of life for ${SILENCE_MS / 1000} s`));
    request.on('error', (error) => end(error.message));
    request.on('response', (response) => {
      if (response.statusCode !== 200) {
        end(`YumOps answered ${response.statusCode}`);
        return;
      }
      this.#read(response);
      response.on('close', () => end('YumOps ended the stream'));
    });
  }

  find(wanted: Pick<Restriction, 'action' | 'kind' | 'value'>): Restriction | undefined {
    const found = this.#items.get(restrictionKey(wanted));
    return found !== undefined && found.until > this.#options.now() ? found : undefined;
  }

  /** Blocks of networks in force. */
  networks(): Restriction[] {
    const now = this.#options.now();
    return [...this.#items.values()].filter(({ kind, until }) => kind === 'network' && until > now);
  }

  /** Addresses and networks that are never shut out. */
  get allow(): readonly string[] {
    return this.#allow;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#request?.destroy();
  }

  #read(response: IncomingMessage): void {
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      if (rest.length > MOST_BYTES) response.destroy();
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data === undefined || !block.startsWith('event: restrictions')) continue;
        const list = listOf(data);
        if (list === undefined) response.destroy();
        else this.#take(list);
      }
    });
  }

  #take({ items, allow }: SentList): void {
    const isFirst = this.trouble !== undefined;
    const before = this.#items;
    const list = items.map((item) => ({ ...item, until: Date.parse(item.until) }));
    this.#items = new Map(list.map((item) => [restrictionKey(item), item]));
    this.#allow = allow;
    this.trouble = undefined;
    this.#failures = 0;
    const now = this.#options.now();
    for (const [key, item] of before) if (!this.#items.has(key) && item.until > now) this.#options.lifted(item);
    if (isFirst && before.size === 0) return;
    for (const [key, item] of this.#items) if (!before.has(key)) this.#options.added(item);
  }

  #again(reason: string): void {
    if (this.#closed) return;
    this.trouble = reason;
    const pause = Math.min(30_000, this.#options.backoff * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#timer = setTimeout(() => this.start(), pause * (0.8 + 0.4 * Math.random()));
    this.#timer.unref();
  }
}

function opened(url: URL, headers: Record<string, string>): ClientRequest | Error {
  try {
    return process
      .getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
      .get(url, { headers, agent: false });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** @returns undefined when it is no list: whatever stands between must not end the application */
function listOf(data: string): SentList | undefined {
  try {
    const { items, allow } = JSON.parse(data) as Partial<SentList>;
    return Array.isArray(items) && Array.isArray(allow) ? { items, allow } : undefined;
  } catch {
    return undefined;
  }
}
