import type { IncidentSeverity, Page, PostImpact, PostStatus, StatusPageSummary, StatusPost } from '@yumops/protocol';
import type { BlobStore } from '../../lib/blob.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Loop } from '../../lib/loop.ts';
import type { DeliverDeps } from './deliver.ts';
import { deliver } from './deliver.ts';
import { claimMessages, nextMessageAt, settleMessage } from './outbox.ts';
import type { Change, StatusPageDeps } from './ports.ts';
import { firstStatus, type Post, statusAt, suggestion } from './post.ts';
import { addPost, addUpdate, dropDraft, editDraft, type NewPost, type NewUpdate, publishPost } from './publish.ts';
import { snapshotFiles, writeSnapshot } from './snapshot.ts';
import { readPost, readPosts } from './store.ts';
import {
  confirm,
  type LinkPurpose,
  type Subscriber,
  type SubscriberLinks,
  subscribe,
  unsubscribe,
} from './subscribers.ts';
import { readView, type StatusView } from './view.ts';

/** A page that is read often is made anew after so long at most. */
const FRESH_MS = 5_000;
/** The static copy is written at least so often, so that its age says whether the platform is away. */
const SNAPSHOT_MS = 60_000;
const AT_ONCE = 20;
const IDLE_MS = 10_000;
const AFTER_FAILURE_MS = 15_000;

export interface StatusPageOptions extends Omit<StatusPageDeps, 'changed'> {
  links: SubscriberLinks;
  /** The way out for mails, as configured now. */
  mail(): DeliverDeps['mail'];
  /** Opens the store of the static copy at an address. */
  openSnapshot(address: string): Promise<BlobStore>;
  clock: Clock;
  log: Log;
}

/** What a post is drafted from. */
export interface DraftSource {
  id: string;
  title: string;
  severity: IncidentSeverity;
  startedAt: number;
  /** Names of monitors whose alerts belong to it. */
  monitors: readonly string[];
}

/** The public status page: what it says, who says it, and who is told. */
export interface StatusPage {
  start(): void;
  stop(): Promise<void>;
  /** What visitors see; while the stores are away what was seen last, with a note. */
  view(): Promise<StatusView>;
  summary(): Promise<StatusPageSummary>;
  posts(query: { incident?: string | undefined; limit: number }): Promise<Page<StatusPost>>;
  add(input: NewPost, by: Change): Promise<StatusPost>;
  /** A draft about an incident, in words that visitors know. */
  draft(source: DraftSource, by: Change): Promise<StatusPost>;
  publish(id: string, by: Change): Promise<StatusPost>;
  edit(id: string, edit: Parameters<typeof editDraft>[2], by: Change): Promise<StatusPost>;
  drop(id: string, by: Change): Promise<void>;
  update(id: string, input: NewUpdate, by: Change): Promise<StatusPost>;
  /** What a person may begin with for the next update. */
  suggest(id: string, status: PostStatus): Promise<string>;
  subscribe(who: Pick<Subscriber, 'channel' | 'address'>): Promise<void>;
  /** Confirms or ends; false = the link is not ours, or the subscriber is gone. */
  follow(token: string, purpose: LinkPurpose): Promise<boolean>;
  /** Whether the link is ours. */
  knows(token: string, purpose: LinkPurpose): boolean;
  /** One round of deliveries. @returns ms until the next */
  deliverRound(): Promise<number>;
  /** Writes the static copy now. */
  writeSnapshot(): Promise<void>;
}

export function createStatusPage(options: StatusPageOptions): StatusPage {
  const { db, clock, log } = options;
  const cache = new ViewCache(() => readView(deps, clock.now()), clock);
  const deps: StatusPageDeps = {
    ...options,
    changed() {
      cache.drop();
      deliveries.wake();
      copies.wake();
    },
  };
  const snapshot = new SnapshotKeeper(options, () => cache.fresh());
  const round = () => deliverRound(options);
  const failing = (what: string) => (error: unknown) => {
    log.error(what, { error: messageOf(error) });
    return AFTER_FAILURE_MS;
  };
  const deliveries = new Loop(clock, round, failing('subscribers of the status page could not be told'));
  const copies = new Loop(
    clock,
    async () => {
      await snapshot.write();
      return SNAPSHOT_MS;
    },
    failing('the static copy of the status page could not be written'),
  );
  const item = (post: Post) => toItem(post, clock.now());
  const names = (post: Pick<Post, 'components'>) =>
    options
      .config()
      .components.filter(({ id }) => post.components.some((one) => one.id === id))
      .map(({ name }) => name);

  return {
    start() {
      deliveries.start();
      copies.start();
    },
    async stop() {
      await Promise.all([deliveries.stop(), copies.stop()]);
      snapshot.close();
    },
    view: () => cache.read(),
    summary: async () => summaryOf(options, await cache.read(), snapshot.state()),
    async posts(query) {
      return { items: (await readPosts(db, query)).map(item), nextCursor: null };
    },
    add: async (input, by) => item(await addPost(deps, input, by)),
    draft: async (source, by) => item(await addPost(deps, draftOf(source, options), by)),
    publish: async (id, by) => item(await publishPost(deps, id, by)),
    edit: async (id, edit, by) => item(await editDraft(deps, id, edit, by)),
    drop: (id, by) => dropDraft(deps, id, by),
    update: async (id, input, by) => item(await addUpdate(deps, id, input, by)),
    async suggest(id, status) {
      const post = await readPost(db, id);
      return suggestion(status, names(post));
    },
    async subscribe(who) {
      await subscribe(db, who, clock.now());
      deliveries.wake();
    },
    async follow(token, purpose) {
      const id = options.links.read(token, purpose);
      if (id === undefined) return false;
      if (purpose === 'confirm') return confirm(db, id, clock.now());
      await unsubscribe(db, id);
      return true;
    },
    knows: (token, purpose) => options.links.read(token, purpose) !== undefined,
    deliverRound: round,
    writeSnapshot: () => snapshot.write(),
  };
}

/** Keeps what visitors see for a moment, and for as long as nothing newer can be read. */
class ViewCache {
  readonly #read: () => Promise<StatusView>;
  readonly #clock: Clock;
  #last: { at: number; view: StatusView } | undefined;
  #reading: Promise<StatusView> | undefined;

  constructor(read: () => Promise<StatusView>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  drop(): void {
    if (this.#last) this.#last = { ...this.#last, at: Number.NEGATIVE_INFINITY };
    this.#reading = undefined;
  }

  async read(): Promise<StatusView> {
    const last = this.#last;
    if (last && this.#clock.monotonic() - last.at < FRESH_MS) return last.view;
    try {
      return await this.fresh();
    } catch (error) {
      if (!last) throw error;
      return { ...last.view, problem: 'Nothing newer can be read at the moment.' };
    }
  }

  fresh(): Promise<StatusView> {
    if (this.#reading) return this.#reading;
    const reading = this.#read()
      .then((view) => {
        if (this.#reading === reading) this.#last = { at: this.#clock.monotonic(), view };
        return view;
      })
      .finally(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    this.#reading = reading;
    return reading;
  }
}

/** Writes the static copy where the configuration says. */
class SnapshotKeeper {
  readonly #options: StatusPageOptions;
  readonly #view: () => Promise<StatusView>;
  #open: { address: string; store: BlobStore; written: Map<string, string> } | undefined;
  #writtenAt: number | null = null;
  #error: string | null = null;

  constructor(options: StatusPageOptions, view: () => Promise<StatusView>) {
    this.#options = options;
    this.#view = view;
  }

  state(): StatusPageSummary['snapshot'] {
    const { snapshot } = this.#options.config();
    if (snapshot === null) return null;
    const writtenAt = this.#writtenAt === null ? null : new Date(this.#writtenAt).toISOString();
    return { address: this.#open?.store.address ?? 'not opened yet', writtenAt, error: this.#error };
  }

  async write(): Promise<void> {
    const { config, openSnapshot, clock } = this.#options;
    const { snapshot: address } = config();
    if (address === null) return this.close();
    try {
      if (this.#open?.address !== address) {
        this.close();
        this.#open = { address, store: await openSnapshot(address), written: new Map() };
      }
      await writeSnapshot(this.#open.store, snapshotFiles(await this.#view()), this.#open.written);
      this.#writtenAt = clock.now();
      this.#error = null;
    } catch (error) {
      this.#error = messageOf(error);
      throw error;
    }
  }

  close(): void {
    this.#open?.store.close();
    this.#open = undefined;
  }
}

async function deliverRound(options: StatusPageOptions): Promise<number> {
  const { db, clock, config, url, links, mail } = options;
  const messages = await claimMessages(db, clock.now(), AT_ONCE);
  const { title, allowPrivate } = config();
  const way = { mail: mail(), links, title, url: url(), allowPrivate, clock };
  await Promise.all(
    messages.map(async (message) => settleMessage(db, message, await deliver(message, way), clock.now())),
  );
  if (messages.length === AT_ONCE) return 0;
  const next = await nextMessageAt(db);
  return next === null ? IDLE_MS : Math.min(IDLE_MS, Math.max(0, next - clock.now()));
}

const IMPACTS: Record<IncidentSeverity, PostImpact> = { critical: 'critical', major: 'major', minor: 'minor' };

function draftOf(source: DraftSource, { config }: StatusPageOptions): NewPost {
  const { components, title } = config();
  const hit = components.filter(({ monitors }) => monitors.some((name) => source.monitors.includes(name)));
  const names = hit.map(({ name }) => name);
  const all = title.replace(/\s+status$/i, '');
  const what = names.length === 0 ? all : names.join(', ');
  const status = source.severity === 'critical' ? 'major_outage' : 'partial_outage';
  return {
    kind: 'incident',
    title: `Problems with ${what}`,
    impact: IMPACTS[source.severity],
    body: suggestion(firstStatus('incident'), names.length === 0 ? [all] : names),
    components: hit.map(({ id }) => ({ id, status: source.severity === 'minor' ? 'degraded_performance' : status })),
    incident: source.id,
    startedAt: source.startedAt,
  };
}

async function summaryOf(
  { db }: StatusPageOptions,
  view: StatusView,
  snapshot: StatusPageSummary['snapshot'],
): Promise<StatusPageSummary> {
  const [people] = await db.query<Record<'email' | 'webhook' | 'unconfirmed' | 'waiting' | 'failed', string>>(
    `SELECT count(*) FILTER (WHERE channel = 'email' AND confirmed_at IS NOT NULL) AS email,
       count(*) FILTER (WHERE channel = 'webhook' AND confirmed_at IS NOT NULL) AS webhook,
       count(*) FILTER (WHERE confirmed_at IS NULL) AS unconfirmed,
       (SELECT count(*) FROM status_messages WHERE status = 'queued') AS waiting,
       (SELECT count(*) FROM status_messages WHERE status = 'failed') AS failed FROM status_subscribers`,
  );
  const count = (name: 'email' | 'webhook' | 'unconfirmed' | 'waiting' | 'failed') => Number(people?.[name] ?? 0);
  const { title, url, indicator, sentence, components } = view;
  return {
    ...{ title, url, indicator, sentence, components },
    subscribers: { email: count('email'), webhook: count('webhook'), unconfirmed: count('unconfirmed') },
    messages: { waiting: count('waiting'), failed: count('failed') },
    snapshot,
  };
}

function toItem(post: Post, now: number): StatusPost {
  const iso = (ms: number) => new Date(ms).toISOString();
  const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));
  return {
    ...{ id: post.id, kind: post.kind, title: post.title, impact: post.impact, status: statusAt(post, now) },
    components: post.components.map((component) => ({ ...component })),
    publishedAt: isoOrNull(post.publishedAt),
    publishedBy: post.publishedBy,
    createdBy: post.createdBy,
    createdAt: iso(post.createdAt),
    startedAt: iso(post.startedAt),
    resolvedAt: isoOrNull(post.resolvedAt),
    scheduledStart: isoOrNull(post.scheduledStart),
    scheduledEnd: isoOrNull(post.scheduledEnd),
    incident: post.incidentId,
    updates: post.updates.map(({ id, status, body, at }) => ({ id, status, body, at: iso(at) })),
  };
}
