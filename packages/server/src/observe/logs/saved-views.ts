import type { SavedView } from '@yumops/protocol';
import type { Db, Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';

/** Views that one person may keep of a page. */
const MOST_VIEWS = 200;

/** What a person keeps. */
export interface ViewInput {
  page: SavedView['page'];
  name: string;
  /** Parameters of the page's address. */
  search: string;
  shared: boolean;
}

/** Who asks, and whether they may change what others share. */
export interface ViewActor {
  name: string;
  admin: boolean;
  /** Whether they share views with others, and see what others share. */
  shares: boolean;
}

/** Writes the audit row of a change, in its transaction. */
type Audit = (
  tx: Queryable,
  entry: { at: number; actor: string; action: string; target: string; detail?: Record<string, unknown> },
) => Promise<void>;

/** Their own views and those that others share, by name. */
export async function listViews(db: Queryable, page: string, actor: ViewActor): Promise<SavedView[]> {
  const rows = await db.query<Omit<SavedView, 'mine'>>(
    `SELECT id::text, name, page, search, shared, owner FROM saved_views
     WHERE page = $1 AND (owner = $2 OR (shared AND $3)) ORDER BY lower(name), id`,
    [page, actor.name, actor.shares],
  );
  return rows.map((row) => ({ ...row, mine: row.owner === actor.name || (row.shared && actor.admin) }));
}

/**
 * Keeps a view; one of the same name and owner is replaced.
 * @throws YumOpsError `too_many_views` (409), `forbidden` (403) to share without a role for the installation
 */
export async function saveView(
  { db, audit }: { db: Db; audit: Audit },
  view: ViewInput,
  actor: ViewActor,
  now: number,
): Promise<SavedView> {
  if (view.shared && !actor.shares) {
    throw new YumOpsError('forbidden', 'Views are shared by who has a role for the whole installation.', {
      status: 403,
    });
  }
  return db.transaction(async (tx) => {
    const [kept] = await tx.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM saved_views WHERE page = $1 AND owner = $2 AND name != $3',
      [view.page, actor.name, view.name],
    );
    if ((kept?.n ?? 0) >= MOST_VIEWS) {
      throw new YumOpsError('too_many_views', `${actor.name} keeps ${MOST_VIEWS} views of this page already.`, {
        status: 409,
        hint: 'Remove one that is no longer used.',
      });
    }
    const [row] = await tx.query<{ id: string }>(
      `INSERT INTO saved_views (page, name, search, shared, owner, created_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (page, owner, name) DO UPDATE SET search = excluded.search, shared = excluded.shared
       RETURNING id::text`,
      [view.page, view.name, view.search, view.shared, actor.name, new Date(now)],
    );
    const detail = { page: view.page, shared: view.shared };
    await audit(tx, { at: now, actor: actor.name, action: 'view.save', target: view.name, detail });
    return { ...view, id: row?.id ?? '', owner: actor.name, mine: true };
  });
}

/**
 * Removes a view: one's own, or as an administrator one that is shared.
 * @throws YumOpsError `view_not_found` (404), also for those of others
 */
export async function removeView(
  { db, audit }: { db: Db; audit: Audit },
  id: string,
  actor: ViewActor,
  now: number,
): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx.query<{ name: string }>(
      'DELETE FROM saved_views WHERE id = $1 AND (owner = $2 OR (shared AND $3)) RETURNING name',
      [id, actor.name, actor.admin],
    );
    if (!row) {
      throw new YumOpsError('view_not_found', `There is no view ${id} that ${actor.name} may remove.`, { status: 404 });
    }
    await audit(tx, { at: now, actor: actor.name, action: 'view.remove', target: row.name });
  });
}
