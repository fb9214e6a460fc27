import type { BlobStore } from '../../lib/blob.ts';
import {
  API_PATHS,
  apiAnswer,
  atomFeed,
  historyPage,
  homePage,
  jsonFeed,
  type PageLinks,
  postPage,
  rssFeed,
  SCRIPT,
} from './render/index.ts';
import type { StatusView } from './view.ts';

/** A file of the static copy. */
export interface SnapshotFile {
  path: string;
  contentType: string;
  text: string;
}

export const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
  rss: 'application/rss+xml; charset=utf-8',
  atom: 'application/atom+xml; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/**
 * Pages, feeds and answers change with every post: a cache asks again soon, and shows what it has while the place of the
 * copy is away. The script changes with the version alone.
 */
const CACHE_CONTROL = 'public, max-age=15, stale-while-revalidate=60, stale-if-error=86400';
const SCRIPT_CACHE_CONTROL = 'public, max-age=300, stale-if-error=86400';

/** Links of a page so many folders below the top of the copy. */
function linksAt(depth: number, url: string): PageLinks {
  const up = '../'.repeat(depth);
  return {
    home: `${up}index.html`,
    history: `${up}history.html`,
    post: (id) => `${up}incidents/${id}.html`,
    feed: (kind) => `${up}feed.${kind}`,
    script: `${up}status.js`,
    subscribe: `${url}/subscribe`,
  };
}

/** Every file of the copy: pages, feeds and the answers of the API. Links are relative, so that it works in any place. */
export function snapshotFiles(view: StatusView): SnapshotFile[] {
  const visit = (depth: number) => ({ links: linksAt(depth, view.url), zone: null, isStatic: true });
  const posts = [...view.open, ...view.planned, ...view.past];
  const files: [path: string, text: string][] = [
    ['status.js', SCRIPT],
    ...posts.map((post): [string, string] => [`incidents/${post.id}.html`, postPage(view, post, visit(1))]),
    ['history.html', historyPage(view, visit(0))],
    ['feed.rss', rssFeed(view)],
    ['feed.atom', atomFeed(view)],
    ['feed.json', jsonFeed(view)],
    ...API_PATHS.map((path): [string, string] => [`api/v2/${path}`, JSON.stringify(apiAnswer(view, path))]),
    // Last: whoever reads it finds everything that it links to.
    ['index.html', homePage(view, visit(0))],
  ];
  return files.map(([path, text]) => ({
    path,
    text,
    contentType: CONTENT_TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'text/plain; charset=utf-8',
  }));
}

/** Writes those files that changed since `written`, which is brought up to date. */
export async function writeSnapshot(
  store: BlobStore,
  files: readonly SnapshotFile[],
  written: Map<string, string>,
): Promise<void> {
  for (const { path, text, contentType } of files) {
    if (written.get(path) === text) continue;
    const cacheControl = path.endsWith('.js') ? SCRIPT_CACHE_CONTROL : CACHE_CONTROL;
    await store.put(path, Buffer.from(text), { contentType, cacheControl });
    written.set(path, text);
  }
}
