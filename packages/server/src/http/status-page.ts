import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { codeOf, messageOf, YumOpsError } from '../lib/errors.ts';
import {
  API_PATHS,
  apiAnswer,
  atomFeed,
  CONTENT_TYPES,
  historyPage,
  homePage,
  jsonFeed,
  type LinkPurpose,
  notePage,
  type PageLinks,
  postPage,
  rssFeed,
  SCRIPT,
  STYLE,
  type StatusPage,
  type Visit,
} from '../respond/statuspage/index.ts';
import { signedFormRoutes } from './signed-form.ts';

const LINKS: PageLinks = {
  home: '/status',
  history: '/status/history',
  post: (id) => `/status/incidents/${id}`,
  feed: (kind) => `/status/feed.${kind}`,
  script: '/status/status.js',
  subscribe: '/status/subscribe',
};
const styleHash = createHash('sha256').update(STYLE).digest('base64');
const POLICY = `default-src 'none'; style-src 'sha256-${styleHash}'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'`;
/** Seconds. */
const FRESH = 15;

/** The public status page: it needs no session, no script, and shows no name of the inside. */
export function statusPageRoutes(app: FastifyInstance, { page }: { page: StatusPage }): void {
  const open = (summary: string) => ({ schema: { summary, tags: ['status page'], security: [] } });

  app.get('/status', open('The public status page'), async (asked, reply) => {
    return send(asked, reply, 'html', homePage(await page.view(), visitOf(asked)));
  });
  app.get('/status/history', open('What is over'), async (asked, reply) => {
    return send(asked, reply, 'html', historyPage(await page.view(), visitOf(asked)));
  });
  app.get('/status/incidents/:id', open('One post of the status page'), async (asked, reply) => {
    const view = await page.view();
    const { id } = asked.params as { id: string };
    const post = [...view.open, ...view.planned, ...view.past].find((one) => one.id === id);
    if (post) return send(asked, reply, 'html', postPage(view, post, visitOf(asked)));
    return note(reply, 404, page, 'There is no such report, or it is too old.');
  });
  app.get('/status/status.js', open('The script of the status page'), async (asked, reply) =>
    send(asked, reply, 'js', SCRIPT),
  );
  const feeds = { rss: rssFeed, atom: atomFeed, json: jsonFeed };
  for (const [kind, feed] of Object.entries(feeds)) {
    app.get(`/status/feed.${kind}`, open(`Updates as ${kind}`), async (asked, reply) =>
      send(asked, reply, kind, feed(await page.view())),
    );
  }
  for (const path of API_PATHS) {
    for (const base of ['/api/v2', '/status/api/v2']) {
      app.get(`${base}/${path}`, open('As Statuspage answers it'), async (asked, reply) => {
        reply.header('access-control-allow-origin', '*');
        return send(asked, reply, 'json', JSON.stringify(apiAnswer(await page.view(), path)));
      });
    }
  }
  subscriberRoutes(app, page);
}

function subscriberRoutes(app: FastifyInstance, page: StatusPage): void {
  for (const purpose of ['confirm', 'unsubscribe'] as const) {
    const path = `/status/${purpose}/:token`;
    // Mail programs open links by themselves: only the button changes something.
    app.get(
      path,
      { schema: { summary: 'Behind the link in a mail', tags: ['status page'], security: [] } },
      (asked, reply) => {
        if (!page.knows(tokenOf(asked), purpose)) return note(reply, 404, page, 'This link is not valid.');
        const verb = purpose === 'confirm' ? 'Yes, send me news' : 'No more news';
        return note(reply, 200, page, QUESTIONS[purpose], `<form method="post"><button>${verb}</button></form>`);
      },
    );
  }
  signedFormRoutes(app, 'Subscribers of the status page', {
    '/status/subscribe': async (asked, reply) => subscribe(page, asked, reply),
    '/status/confirm/:token': async (asked, reply) => follow(page, asked, reply, 'confirm'),
    '/status/unsubscribe/:token': async (asked, reply) => follow(page, asked, reply, 'unsubscribe'),
  });
}

const QUESTIONS: Record<LinkPurpose, string> = {
  confirm: 'Do you want news of this status page?',
  unsubscribe: 'Do you want no more news of this status page?',
};
const DONE: Record<LinkPurpose, string> = {
  confirm: 'Thank you. You get news from now on.',
  unsubscribe: 'You get no more news. Everything about you was deleted.',
};

const tokenOf = (asked: FastifyRequest) => (asked.params as { token: string }).token;

async function follow(page: StatusPage, asked: FastifyRequest, reply: FastifyReply, purpose: LinkPurpose) {
  const done = await page.follow(tokenOf(asked), purpose);
  return done ? note(reply, 200, page, DONE[purpose]) : note(reply, 404, page, 'This link is not valid any more.');
}

async function subscribe(page: StatusPage, asked: FastifyRequest, reply: FastifyReply) {
  const form = new URLSearchParams(String(asked.body));
  const channel = form.get('channel') === 'webhook' ? 'webhook' : 'email';
  try {
    await page.subscribe({ channel, address: form.get('address') ?? '' });
  } catch (error) {
    if (!(error instanceof YumOpsError) || error.status >= 500) throw error;
    if (codeOf(error) === 'too_many_subscribers') reply.header('retry-after', String(error.retryAfter ?? 60));
    return note(reply, error.status, page, messageOf(error));
  }
  const what = channel === 'email' ? 'Look into your mailbox' : 'Look at what your address received';
  return note(reply, 200, page, `${what}: open the link there, and you are told of everything that is written here.`);
}

function visitOf(asked: FastifyRequest): Visit {
  const { tz } = asked.query as { tz?: unknown };
  return { links: LINKS, zone: typeof tz === 'string' && tz.length < 60 ? tz : null, isStatic: false };
}

function send(asked: FastifyRequest, reply: FastifyReply, kind: string, text: string): FastifyReply {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
  reply
    .type(CONTENT_TYPES[kind] ?? 'text/plain')
    .header('content-security-policy', POLICY)
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', `public, max-age=${FRESH}`)
    .header('etag', etag);
  return asked.headers['if-none-match'] === etag ? reply.code(304).send() : reply.send(text);
}

async function note(reply: FastifyReply, status: number, page: StatusPage, text: string, buttons = '') {
  const view = await page.view().catch(() => ({ title: 'Status', at: 0 }));
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .header('content-security-policy', POLICY)
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-store')
    .send(notePage(view, LINKS, text, buttons));
}
