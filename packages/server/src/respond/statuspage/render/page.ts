import type { ComponentStatus, StatusComponent } from '@yumops/protocol';
import { formatZonedTime, isTimeZone } from '../../../lib/zoned-time.ts';
import type { Indicator } from '../component-state.ts';
import type { PostView, StatusView } from '../view.ts';
import { STYLE } from './style.ts';
import { COMPONENT_WORDS, escapeHtml, STATUS_WORDS } from './words.ts';

/** Addresses of the other pages: those of the platform, or of the files of a static copy. */
export interface PageLinks {
  home: string;
  history: string;
  post(id: string): string;
  feed(kind: 'rss' | 'atom' | 'json'): string;
  script: string;
  /** Where the form for subscribers goes. */
  subscribe: string;
}

/** How one visitor sees the page. */
export interface Visit {
  links: PageLinks;
  /** Zone that the visitor chose; null = that of the page. */
  zone: string | null;
  /** A static copy cannot be asked for another zone. */
  isStatic: boolean;
}

type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'none';

const TONES: Record<Indicator, Tone> = {
  none: 'ok',
  minor: 'warn',
  major: 'bad',
  critical: 'bad',
  maintenance: 'info',
  unknown: 'none',
};
const COMPONENT_TONES: Record<ComponentStatus, Tone> = {
  operational: 'ok',
  degraded_performance: 'warn',
  partial_outage: 'bad',
  major_outage: 'bad',
  under_maintenance: 'info',
  unknown: 'none',
};
const ICONS: Record<Tone, string> = {
  ok: 'M4 12l5 5L20 6',
  warn: 'M12 4v10M12 18v2',
  bad: 'M6 6l12 12M18 6L6 18',
  info: 'M12 10v8M12 5v1',
  none: 'M7 12h10',
};
const ZONES = [
  'UTC',
  'Europe/London',
  'Europe/Berlin',
  'America/New_York',
  'America/Los_Angeles',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'Australia/Sydney',
];

/** Posts that are over stand on the first page for so long. */
const RECENT_MS = 14 * 86_400_000;

/** The page itself. */
export function homePage(view: StatusView, visit: Visit): string {
  const recent = view.past.filter(({ resolvedAt }) => (resolvedAt ?? 0) > view.at - RECENT_MS);
  const time = timesFor(view, visit);
  return documentOf(view, visit, view.title, [
    banner(view),
    ...(view.problem === null ? [] : [`<p class="quiet" role="note">${escapeHtml(view.problem)}</p>`]),
    ...section(
      'Now',
      view.open.map((post) => card(post, visit, time)),
    ),
    ...section(
      'Planned work',
      view.planned.map((post) => card(post, visit, time)),
      zoneForm(view, visit),
    ),
    ...componentsOf(view),
    '<h2>Last two weeks</h2>',
    ...(recent.length === 0
      ? ['<p class="empty">Nothing was reported.</p>']
      : recent.map((post) => card(post, visit, time))),
    `<p><a href="${visit.links.history}">All of 90 days</a></p>`,
    subscribeForm(visit),
  ]);
}

/** Everything that is over. */
export function historyPage(view: StatusView, visit: Visit): string {
  const time = timesFor(view, visit);
  const posts = view.past.map((post) => card(post, visit, time));
  return documentOf(view, visit, `History · ${view.title}`, [
    '<h2>History of 90 days</h2>',
    ...(posts.length === 0 ? ['<p class="empty">Nothing was reported.</p>'] : posts),
  ]);
}

/** One post on a page of its own. */
export function postPage(view: StatusView, post: PostView, visit: Visit): string {
  return documentOf(view, visit, `${post.title} · ${view.title}`, [card(post, visit, timesFor(view, visit))], null);
}

/** A short page that says what became of a link or a form. @param buttons HTML, of ours alone */
export function notePage(view: Pick<StatusView, 'title' | 'at'>, links: PageLinks, text: string, buttons = ''): string {
  const body = `<div class="card"><p role="status">${escapeHtml(text)}</p>${buttons}<p><a href="${links.home}">Back to the status page</a></p></div>`;
  return shell({ title: view.title, links, head: '<meta name="robots" content="noindex">', body, written: null });
}

/** @param written when it was written, ms; null = it says nothing that grows old */
function documentOf(
  view: StatusView,
  { links }: Visit,
  title: string,
  parts: readonly string[],
  written: number | null = view.at,
): string {
  const feeds = [
    `<link rel="alternate" type="application/rss+xml" title="RSS" href="${links.feed('rss')}">`,
    `<link rel="alternate" type="application/atom+xml" title="Atom" href="${links.feed('atom')}">`,
    `<link rel="alternate" type="application/feed+json" title="JSON" href="${links.feed('json')}">`,
  ];
  return shell({ title, links, head: feeds.join(''), body: parts.join('\n'), written });
}

function shell(page: { title: string; links: PageLinks; head: string; body: string; written: number | null }): string {
  const { title, links, head, body, written } = page;
  const stamp = written === null ? '' : new Date(written).toISOString();
  const name = title.split(' · ').at(-1) ?? title;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title>${head}<style>${STYLE}</style><script src="${links.script}" defer></script></head><body>
<header><h1><a href="${links.home}">${escapeHtml(name)}</a></h1><nav aria-label="Pages"><a href="${links.home}">Status</a><a href="${links.history}">History</a><a href="${links.feed('rss')}">RSS</a></nav></header>
<main><!--notice--><p class="card tone-warn" data-stale hidden></p>
${body}</main>
<footer class="quiet">${stamp === '' ? '' : `<span data-written="${stamp}">As of <time datetime="${stamp}">${stamp.slice(0, 16).replace('T', ' ')} UTC</time></span>`}</footer>
</body></html>`;
}

function banner({ indicator, sentence }: StatusView): string {
  const tone = TONES[indicator];
  return `<p class="banner tone-${tone}" role="status"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="${ICONS[tone]}"/></svg><span>${escapeHtml(sentence)}</span></p>`;
}

function section(title: string, cards: readonly string[], after = ''): string[] {
  return cards.length === 0 ? [] : [`<h2>${title}</h2>`, ...cards, after];
}

type TimeText = (ms: number) => string;

/** Times in the zone of the visitor where it is known, else in that of the page. */
function timesFor(view: StatusView, { zone }: Visit): TimeText {
  const used = zone !== null && isTimeZone(zone) ? zone : view.timeZone;
  return (ms) => `<time datetime="${new Date(ms).toISOString()}">${escapeHtml(formatZonedTime(ms, used))}</time>`;
}

function card(post: PostView, { links }: Visit, time: TimeText): string {
  const names = post.components.map(({ name }) => name).join(', ');
  const when =
    post.scheduledStart !== null && post.scheduledEnd !== null
      ? `<p>${time(post.scheduledStart)} to ${time(post.scheduledEnd)}</p>`
      : '';
  const updates = post.updates.map(
    ({ status, body, at }) =>
      `<li class="update"><p><strong>${STATUS_WORDS[status]}</strong>${escapeHtml(body)}</p><p class="quiet">${time(at)}</p></li>`,
  );
  return `<article class="card"><div class="head"><h3><a href="${links.post(post.id)}">${escapeHtml(post.title)}</a></h3><span class="word tone-${toneOf(post)}">${STATUS_WORDS[post.status]}</span></div>
${names === '' ? '' : `<p class="quiet">${escapeHtml(names)}</p>`}${when}<ol>${updates.join('')}</ol></article>`;
}

function toneOf({ kind, over, impact }: PostView): Tone {
  if (over) return 'ok';
  if (kind === 'maintenance') return 'info';
  return impact === 'critical' || impact === 'major' ? 'bad' : 'warn';
}

function componentsOf({ components }: StatusView): string[] {
  const groups = new Map<string | null, StatusComponent[]>();
  for (const one of components) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return [...groups].map(
    ([name, own]) =>
      `<h2>${escapeHtml(name ?? 'Components')}</h2><ul class="components">${own.map(component).join('')}</ul>`,
  );
}

function component({ name, description, status, bars, uptime }: StatusComponent): string {
  const note = description === '' ? '' : `<p class="quiet">${escapeHtml(description)}</p>`;
  const measured = bars.filter(({ up }) => up !== null).length;
  const days = measured === bars.length ? '90 days' : `${measured} measured ${measured === 1 ? 'day' : 'days'}`;
  const figure = uptime === null ? 'Not measured yet' : `${uptime} % of ${days}`;
  return `<li><div class="head"><h3>${escapeHtml(name)}</h3><span class="word tone-${COMPONENT_TONES[status]}">${COMPONENT_WORDS[status]}</span></div>${note}
${barsSvg(name, bars)}<div class="legend quiet"><span>90 days ago</span><span>${figure}</span><span>Today</span></div></li>`;
}

/** Less than this much of a day lost is still a good day. */
const GOOD = 99.9;
const FAIR = 98;

function barsSvg(name: string, bars: StatusComponent['bars']): string {
  const known = bars.flatMap(({ up }) => up ?? []);
  const bad = known.filter((up) => up < GOOD).length;
  const label =
    known.length === 0
      ? `${name}: nothing was measured in 90 days`
      : `${name}: ${known.length} of 90 days measured, ${bad} of them with a disturbance`;
  const rects = bars.map(({ day, up }, index) => {
    const look = up === null ? 'unknown' : up >= GOOD ? 'ok' : up >= FAIR ? 'warn' : 'bad';
    return `<rect class="${look}" x="${index * 6}" y="0" width="4" height="28" rx="1"><title>${day}: ${up === null ? 'not measured' : `${up} %`}</title></rect>`;
  });
  return `<svg class="bars" viewBox="0 0 538 28" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(label)}">${rects.join('')}</svg>`;
}

/** Without script a visitor chooses the zone; with it times are in the visitor's own. */
function zoneForm(view: StatusView, { zone, isStatic, links }: Visit): string {
  const chosen = zone ?? view.timeZone;
  const shown = `<p class="quiet">Times are in <span data-zone>${escapeHtml(chosen)}</span>.</p>`;
  if (isStatic) return shown;
  const options = [...new Set([view.timeZone, chosen, ...ZONES])].map(
    (name) => `<option${name === chosen ? ' selected' : ''}>${escapeHtml(name)}</option>`,
  );
  return `<noscript><form method="get" action="${links.home}"><label>Times in the zone<select name="tz">${options.join('')}</select></label><button>Show</button></form></noscript>${shown}`;
}

function subscribeForm({ links }: Visit): string {
  return `<h2 id="subscribe">Be told</h2>
<form method="post" action="${links.subscribe}"><label>E-mail<input type="email" name="address" required autocomplete="email"></label><input type="hidden" name="channel" value="email"><button>Subscribe</button></form>
<p class="quiet">You get a mail with a link first. Every mail has a link that ends it.</p>
<details><summary>Webhook and feeds</summary><form method="post" action="${links.subscribe}"><label>Address that gets JSON<input type="url" name="address" required></label><input type="hidden" name="channel" value="webhook"><button>Subscribe</button></form>
<p><a href="${links.feed('rss')}">RSS</a> · <a href="${links.feed('atom')}">Atom</a> · <a href="${links.feed('json')}">JSON</a></p></details>`;
}
