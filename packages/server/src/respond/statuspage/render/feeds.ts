import type { PostView, StatusView } from '../view.ts';
import { escapeHtml, STATUS_WORDS } from './words.ts';

interface Entry {
  id: string;
  title: string;
  url: string;
  text: string;
  at: number;
}

const MOST = 50;

/** Each update of each post, newest first. */
function entriesOf(view: StatusView): Entry[] {
  const posts: readonly PostView[] = [...view.open, ...view.planned, ...view.past];
  const all = posts.flatMap((post) =>
    post.updates.map((update) => ({
      id: update.id,
      title: `${STATUS_WORDS[update.status]}: ${post.title}`,
      url: `${view.url}/incidents/${post.id}`,
      text: update.body,
      at: update.at,
    })),
  );
  return all.sort((a, b) => b.at - a.at).slice(0, MOST);
}

const xml = (text: string) => escapeHtml(text).replaceAll("'", '&apos;');

export function rssFeed(view: StatusView): string {
  const items = entriesOf(view).map(
    ({ id, title, url, text, at }) =>
      `<item><title>${xml(title)}</title><link>${xml(url)}</link><guid isPermaLink="false">${id}</guid><pubDate>${new Date(at).toUTCString()}</pubDate><description>${xml(text)}</description></item>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>${xml(view.title)}</title><link>${xml(view.url)}</link><description>${xml(view.sentence)}</description><atom:link href="${xml(view.url)}/feed.rss" rel="self" type="application/rss+xml"/>${items.join('')}</channel></rss>
`;
}

export function atomFeed(view: StatusView): string {
  const entries = entriesOf(view);
  const updated = new Date(entries[0]?.at ?? view.at).toISOString();
  const items = entries.map(
    ({ id, title, url, text, at }) =>
      `<entry><id>urn:yumops:${id}</id><title>${xml(title)}</title><link href="${xml(url)}"/><updated>${new Date(at).toISOString()}</updated><content type="text">${xml(text)}</content></entry>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><id>${xml(view.url)}/</id><title>${xml(view.title)}</title><updated>${updated}</updated><author><name>${xml(view.title)}</name></author><link href="${xml(view.url)}"/><link rel="self" href="${xml(view.url)}/feed.atom"/>${items.join('')}</feed>
`;
}

export function jsonFeed(view: StatusView): string {
  const items = entriesOf(view).map(({ id, title, url, text, at }) => ({
    ...{ id, title, url },
    content_text: text,
    date_published: new Date(at).toISOString(),
  }));
  const feed = { version: 'https://jsonfeed.org/version/1.1', title: view.title, home_page_url: view.url };
  return JSON.stringify({ ...feed, feed_url: `${view.url}/feed.json`, items });
}
