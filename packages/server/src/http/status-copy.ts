import { createServer, type Server, type ServerResponse } from 'node:http';
import { type BlobStore, readBlob } from '../lib/blob.ts';
import type { Clock } from '../lib/clock.ts';
import { codeOf } from '../lib/errors.ts';
import { CONTENT_TYPES } from '../respond/statuspage/index.ts';

const MOST_BYTES = 8 * 1024 * 1024;
/** A file is read again after so long. */
const FRESH_MS = 10_000;
/** The platform writes the copy every minute: an older one means that it does not work. */
const OLD_MS = 5 * 60_000;
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; form-action *; base-uri 'none'; frame-ancestors 'none'";
const FILE = /^[\w-]+(?:\/[\w-]+)*\.(html|json|rss|atom|js)$/;

/**
 * Serves the static copy of the status page, without the platform, its stores or its configuration. Addresses below
 * `/status` are answered too, so that a proxy can turn to it when the platform is away.
 */
export function createStatusCopyServer(store: BlobStore, clock: Clock): Server {
  const known = new Map<string, { at: number; file: Promise<CopiedFile> }>();
  const read = (path: string) => {
    const last = known.get(path);
    if (last && clock.monotonic() - last.at < FRESH_MS) return last.file;
    const file = readCopy(store, path);
    known.set(path, { at: clock.monotonic(), file });
    file.catch(() => known.delete(path));
    return file;
  };
  return createServer((request, response) => {
    const path = fileOf(request.url ?? '/');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'text/plain', 'Read only.');
    if (path === undefined) return answer(response, 404, 'text/plain', 'There is no such page.');
    read(path).then(
      ({ text, modified }) => {
        const type = CONTENT_TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'text/plain';
        const body = path.endsWith('.html') ? withNotice(text, modified, clock.now()) : text;
        answer(response, 200, type, request.method === 'HEAD' ? '' : body, modified);
      },
      (error: unknown) => {
        if (codeOf(error) === 'blob_missing') answer(response, 404, 'text/plain', 'There is no such page.');
        else answer(response, 503, 'text/plain', 'The copy of the status page cannot be read.');
      },
    );
  });
}

interface CopiedFile {
  text: string;
  /** Ms since the epoch. */
  modified: number;
}

async function readCopy(store: BlobStore, path: string): Promise<CopiedFile> {
  const body = await readBlob(store, path, MOST_BYTES);
  return { text: body.toString('utf8'), modified: (await store.head(path))?.modified ?? 0 };
}

/** The file behind an address; undefined for what is none of ours. */
function fileOf(url: string): string | undefined {
  const [whole = '/'] = url.split('?');
  const path = whole.replace(/^\/status(?=\/|$)/, '').replace(/^\/+|\/+$/g, '');
  if (path === '') return 'index.html';
  const named = /\.\w+$/.test(path) ? path : `${path}.html`;
  return FILE.test(named) ? named : undefined;
}

/** An old copy says so, also to visitors without script. Only pages that say when they were written grow old. */
function withNotice(html: string, modified: number, now: number): string {
  if (now - modified < OLD_MS || !html.includes('data-written=')) return html;
  const minutes = Math.round((now - modified) / 60_000);
  const text = `What is behind this page does not answer at the moment. You see what was known ${minutes} minutes ago.`;
  return html.replace('<!--notice-->', `<p class="card tone-warn" role="status">${text}</p>`);
}

function answer(response: ServerResponse, status: number, type: string, body: string, modified?: number): void {
  response.writeHead(status, {
    'content-type': type,
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': status === 200 ? 'public, max-age=15' : 'no-store',
    'access-control-allow-origin': '*',
    ...(modified !== undefined && { 'last-modified': new Date(modified).toUTCString() }),
  });
  response.end(body);
}
