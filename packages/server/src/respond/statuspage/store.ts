import type { PostStatus } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Post, Update } from './post.ts';

interface PostRow {
  id: string;
  kind: Post['kind'];
  title: string;
  impact: Post['impact'];
  components: Post['components'];
  incident_id: string | null;
  created_by: string;
  created_at: Date;
  published_at: Date | null;
  published_by: string | null;
  started_at: Date;
  resolved_at: Date | null;
  scheduled_start: Date | null;
  scheduled_end: Date | null;
  status: PostStatus;
  updates: (Omit<Update, 'at'> & { at: string })[] | null;
}

const SELECT = `SELECT p.*, (SELECT jsonb_agg(jsonb_build_object('id', u.id, 'status', u.status, 'body', u.body,
    'at', u.at, 'by', u.by) ORDER BY u.seq) FROM status_updates u WHERE u.post_id = p.id) AS updates
  FROM status_posts p`;

const msOrNull = (date: Date | null) => date?.getTime() ?? null;

function fromRow(row: PostRow): Post {
  return {
    ...{ id: row.id, kind: row.kind, title: row.title, impact: row.impact, status: row.status },
    components: row.components,
    incidentId: row.incident_id,
    createdBy: row.created_by,
    createdAt: row.created_at.getTime(),
    publishedAt: msOrNull(row.published_at),
    publishedBy: row.published_by,
    startedAt: row.started_at.getTime(),
    resolvedAt: msOrNull(row.resolved_at),
    scheduledStart: msOrNull(row.scheduled_start),
    scheduledEnd: msOrNull(row.scheduled_end),
    updates: (row.updates ?? []).map((update) => ({ ...update, at: Date.parse(update.at) })),
  };
}

const MOST = 500;

/** Published posts that began or end after `since` (ms) or are not over, newest first. */
export async function readPublished(db: Queryable, since: number): Promise<Post[]> {
  const rows = await db.query<PostRow>(
    `${SELECT} WHERE p.published_at IS NOT NULL AND (p.started_at > $1 OR p.scheduled_end > $1
       OR p.status NOT IN ('resolved', 'completed')) ORDER BY p.started_at DESC, p.id LIMIT ${MOST}`,
    [new Date(since)],
  );
  return rows.map(fromRow);
}

/** All posts, drafts too, newest first. */
export async function readPosts(
  db: Queryable,
  query: { incident?: string | undefined; limit: number },
): Promise<Post[]> {
  const rows = await db.query<PostRow>(
    `${SELECT} WHERE $1::text IS NULL OR p.incident_id = $1 ORDER BY p.created_at DESC, p.id LIMIT $2`,
    [query.incident ?? null, query.limit],
  );
  return rows.map(fromRow);
}

/** @throws YumOpsError `post_not_found` (404) */
export async function readPost(db: Queryable, id: string, lock = false): Promise<Post> {
  const [row] = await db.query<PostRow>(`${SELECT} WHERE p.id = $1 ${lock ? 'FOR UPDATE OF p' : ''}`, [id]);
  if (row) return fromRow(row);
  throw new YumOpsError('post_not_found', `There is no post ${id} on the status page.`, { status: 404 });
}

export async function writePost(tx: Queryable, post: Post): Promise<void> {
  const date = (ms: number | null) => (ms === null ? null : new Date(ms));
  await tx.query(
    `INSERT INTO status_posts (id, kind, title, impact, status, components, incident_id, created_by, created_at,
       published_at, published_by, started_at, resolved_at, scheduled_start, scheduled_end)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     ON CONFLICT (id) DO UPDATE SET title = excluded.title, impact = excluded.impact, status = excluded.status,
       components = excluded.components, published_at = excluded.published_at, published_by = excluded.published_by,
       started_at = excluded.started_at, resolved_at = excluded.resolved_at, scheduled_start = excluded.scheduled_start,
       scheduled_end = excluded.scheduled_end`,
    [
      ...[post.id, post.kind, post.title, post.impact, post.status, JSON.stringify(post.components), post.incidentId],
      ...[post.createdBy, new Date(post.createdAt), date(post.publishedAt), post.publishedBy, new Date(post.startedAt)],
      ...[date(post.resolvedAt), date(post.scheduledStart), date(post.scheduledEnd)],
    ],
  );
}

export async function insertUpdate(tx: Queryable, postId: string, update: Update): Promise<void> {
  await tx.query('INSERT INTO status_updates (id, post_id, status, body, at, by) VALUES ($1, $2, $3, $4, $5, $6)', [
    ...[update.id, postId, update.status, update.body, new Date(update.at), update.by],
  ]);
}
