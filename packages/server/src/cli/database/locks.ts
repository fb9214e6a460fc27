import { defineCommand } from 'citty';
import { describeSession, type LockRow, lockTrees } from '../../care/database/index.ts';
import { formatDuration } from '../../lib/duration.ts';
import { printJson } from '../command.ts';
import { databaseArgs } from './open.ts';
import { fromEach, withViews } from './views.ts';

/** A session and, below it, those that wait for it. Each is shown once. */
function branch(row: LockRow, rows: readonly LockRow[], depth: number, shown: Set<number>): string[] {
  if (shown.has(row.pid)) return [];
  shown.add(row.pid);
  const waiting = row.waiting === null ? '' : ` waits for ${formatDuration(row.waiting * 1_000)}`;
  const line = `${'  '.repeat(depth)}${depth > 0 ? '└ ' : ''}${describeSession(row)}${waiting}${row.query ? `: ${row.query}` : ''}`;
  const below = rows.filter(({ blockers }) => blockers.includes(row.pid));
  return [line, ...below.flatMap((waiter) => branch(waiter, rows, depth + 1, shown))];
}

export const databaseLocks = defineCommand({
  meta: { name: 'yumops db locks', description: 'Who waits for whose locks, as a tree' },
  args: databaseArgs,
  async run({ args }) {
    const { sessions, names } = await withViews(args, async (views) => ({
      sessions: await fromEach(views, (view) => view.locks()),
      names: views.map(({ name }) => name),
    }));
    if (args.json) {
      printJson({ sessions });
      return 0;
    }
    const lines = names.flatMap((name) => {
      const rows = sessions.filter(({ database }) => database === name);
      return lockTrees(rows).flatMap(({ root }) => branch(root, rows, 0, new Set()));
    });
    process.stdout.write(lines.length === 0 ? 'Nobody waits for a lock.\n' : `${lines.join('\n')}\n`);
    return 0;
  },
});
