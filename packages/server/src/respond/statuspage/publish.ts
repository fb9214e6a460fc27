import type { PostImpact, PostKind, PostStatus } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { randomHex } from '../../lib/random.ts';
import { recordFacts } from '../incidents/index.ts';
import { queueForAll } from './outbox.ts';
import type { Change, StatusPageDeps } from './ports.ts';
import { checkStatus, firstStatus, type Post, type PostComponent, statusAt } from './post.ts';
import { refuseInsideNames } from './private-words.ts';
import { insertUpdate, readPost, writePost } from './store.ts';

/** What somebody writes. Times in ms since the epoch. */
export interface NewPost {
  kind: PostKind;
  title: string;
  impact?: PostImpact | undefined;
  body: string;
  components?: readonly PostComponent[] | undefined;
  scheduledStart?: number | undefined;
  scheduledEnd?: number | undefined;
  /** Id of the incident it comes from. */
  incident?: string | null | undefined;
  /** When it began; left out = now. */
  startedAt?: number | undefined;
  /** Left out = it stays a draft. */
  publish?: boolean | undefined;
}

export interface NewUpdate {
  /** Left out = as it is. */
  status?: PostStatus | undefined;
  body: string;
  components?: readonly PostComponent[] | undefined;
  impact?: PostImpact | undefined;
}

const refuse = (message: string) => new YumOpsError('invalid_post', message, { status: 400 });

/**
 * Writes a draft, or publishes at once.
 * @throws YumOpsError `invalid_post`, `internal_name` (400)
 */
export async function addPost(deps: StatusPageDeps, input: NewPost, { actor, now }: Change): Promise<Post> {
  const planned = input.kind === 'maintenance';
  const { scheduledStart = null, scheduledEnd = null } = input;
  if (planned && !(scheduledStart !== null && scheduledEnd !== null && scheduledStart < scheduledEnd)) {
    throw refuse('Planned work begins before it ends: give scheduledStart and scheduledEnd.');
  }
  checkTexts([input.title, input.body]);
  const components = input.components ?? [];
  checkComponents(deps, components);
  const status = firstStatus(input.kind);
  const post: Post = {
    ...{ id: randomHex(8), kind: input.kind, title: input.title.trim(), impact: input.impact ?? 'minor', status },
    components,
    incidentId: input.incident ?? null,
    createdBy: actor,
    createdAt: now,
    ...{ publishedAt: null, publishedBy: null, resolvedAt: null },
    startedAt: planned ? (scheduledStart ?? now) : Math.min(input.startedAt ?? now, now),
    ...{ scheduledStart: planned ? scheduledStart : null, scheduledEnd: planned ? scheduledEnd : null },
    updates: [{ id: randomHex(8), status, body: input.body.trim(), at: now, by: actor }],
  };
  const stored = await deps.db.transaction(async (tx) => {
    await writePost(tx, post);
    for (const update of post.updates) await insertUpdate(tx, post.id, update);
    const { title } = post;
    await record(tx, deps, post, { action: 'draft', detail: { title }, text: `Drafted: ${title}`, actor, now });
    return input.publish === true ? publishIn(tx, deps, post, { actor, now }) : post;
  });
  deps.changed();
  return stored;
}

/** Makes a draft public. @throws YumOpsError `post_not_found` (404), `post_published` (409), `internal_name` (400) */
export async function publishPost(deps: StatusPageDeps, id: string, by: Change): Promise<Post> {
  const post = await deps.db.transaction(async (tx) => publishIn(tx, deps, await readPost(tx, id, true), by));
  deps.changed();
  return post;
}

async function publishIn(tx: Queryable, deps: StatusPageDeps, post: Post, { actor, now }: Change): Promise<Post> {
  if (post.publishedAt !== null) {
    throw new YumOpsError('post_published', `"${post.title}" is public already.`, { status: 409 });
  }
  refuseInsideNames([post.title, ...post.updates.map(({ body }) => body)], namesOf(deps));
  const published = { ...post, publishedAt: now, publishedBy: actor };
  await writePost(tx, published);
  const last = post.updates.at(-1);
  if (last) await queueForAll(tx, last.id, now);
  const { title } = post;
  await record(tx, deps, post, { action: 'publish', detail: { title }, text: `Published: ${title}`, actor, now });
  return published;
}

/** Changes a draft. @throws YumOpsError `post_not_found` (404), `post_published` (409), `invalid_post` (400) */
export async function editDraft(
  deps: StatusPageDeps,
  id: string,
  edit: { title: string; body: string; impact: PostImpact; components: readonly PostComponent[] },
  { actor, now }: Change,
): Promise<Post> {
  checkTexts([edit.title, edit.body]);
  checkComponents(deps, edit.components);
  return deps.db.transaction(async (tx) => {
    const post = await readDraft(tx, id, 'add an update instead');
    const { title, body, impact, components } = edit;
    const [first, ...rest] = post.updates;
    const updates = first ? [{ ...first, body: body.trim() }, ...rest] : [];
    await writePost(tx, { ...post, title: title.trim(), impact, components });
    await tx.query('UPDATE status_updates SET body = $2 WHERE id = $1', [first?.id ?? '', body.trim()]);
    await deps.audit(tx, { at: now, actor, action: 'status_page.edit', target: id, detail: { title } });
    return { ...post, title: title.trim(), impact, components, updates };
  });
}

/** Throws a draft away. @throws YumOpsError `post_not_found` (404), `post_published` (409) */
export async function dropDraft(deps: StatusPageDeps, id: string, { actor, now }: Change): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const post = await readDraft(tx, id, 'it stays');
    await tx.query('DELETE FROM status_posts WHERE id = $1', [id]);
    await deps.audit(tx, { at: now, actor, action: 'status_page.drop', target: id, detail: { title: post.title } });
  });
}

/**
 * Tells the public more, at once.
 * @throws YumOpsError `post_not_found` (404), `post_draft` (409), `invalid_post`, `internal_name` (400)
 */
export async function addUpdate(
  deps: StatusPageDeps,
  id: string,
  input: NewUpdate,
  { actor, now }: Change,
): Promise<Post> {
  checkTexts([input.body]);
  checkComponents(deps, input.components ?? []);
  const post = await deps.db.transaction(async (tx) => {
    const before = await readPost(tx, id, true);
    const status = input.status ?? statusAt(before, now);
    checkStatus(before.kind, status);
    if (before.publishedAt === null) {
      throw new YumOpsError('post_draft', `"${before.title}" is a draft: publish it first.`, { status: 409 });
    }
    refuseInsideNames([input.body], namesOf(deps));
    const over = status === 'resolved' || status === 'completed';
    const update = { id: randomHex(8), status, body: input.body.trim(), at: now, by: actor };
    const after: Post = {
      ...before,
      status,
      impact: input.impact ?? before.impact,
      components: input.components ?? before.components,
      resolvedAt: over ? now : null,
      updates: [...before.updates, update],
    };
    await writePost(tx, after);
    await insertUpdate(tx, id, update);
    await queueForAll(tx, update.id, now);
    const detail = { title: before.title, from: statusAt(before, now), to: status };
    await record(tx, deps, after, { action: 'update', detail, text: `${status}: ${update.body}`, actor, now });
    return after;
  });
  deps.changed();
  return post;
}

/** A post that is not public yet, locked. @param instead what to do about one that is */
async function readDraft(tx: Queryable, id: string, instead: string): Promise<Post> {
  const post = await readPost(tx, id, true);
  if (post.publishedAt === null) return post;
  throw new YumOpsError('post_published', `"${post.title}" is public: ${instead}.`, { status: 409 });
}

interface Deed extends Change {
  action: 'draft' | 'publish' | 'update';
  detail: Record<string, unknown>;
  /** As the story of an incident tells it. */
  text: string;
}

/** Writes a deed into the audit log, and into the story of the incident that the post is about. */
async function record(tx: Queryable, deps: StatusPageDeps, post: Post, deed: Deed): Promise<void> {
  const { action, detail, text, actor, now: at } = deed;
  await deps.audit(tx, { at, actor, action: `status_page.${action}`, target: post.id, detail });
  if (post.incidentId === null) return;
  await recordFacts(tx, post.incidentId, [{ at, actor, text, kind: 'status page', link: '/status-page' }]);
}

function checkTexts(texts: readonly string[]): void {
  if (texts.some((text) => text.trim() === '')) throw refuse('A post has a title and a text.');
}

function checkComponents({ config }: StatusPageDeps, components: readonly PostComponent[]): void {
  const known = config().components.map(({ id }) => id);
  const missing = components.find(({ id }) => !known.includes(id));
  if (missing) throw refuse(`There is no component "${missing.id}"; there are: ${known.join(', ') || 'none'}.`);
}

function namesOf({ config, insideNames }: StatusPageDeps) {
  const { title, components, privateWords } = config();
  const publicNames = [title, ...components.flatMap(({ name, group }) => [name, ...(group === null ? [] : [group])])];
  return { words: [...insideNames(), ...privateWords], publicNames };
}
