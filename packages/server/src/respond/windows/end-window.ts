import { YumOpsError } from '../../lib/errors.ts';
import { endStored } from './stored.ts';
import type { Change, WindowsOptions } from './windows.ts';

/**
 * Ends a window now, for good; what it muted and still fires is told.
 * @throws YumOpsError `unknown_window` (404)
 */
export async function endWindow(
  { db, audit }: Pick<WindowsOptions, 'db' | 'audit'>,
  id: string,
  { actor, now }: Change,
): Promise<void> {
  await db.transaction(async (tx) => {
    if (!(await endStored(tx, id, actor, now))) {
      throw new YumOpsError('unknown_window', `There is no window ${id} that is not over.`, { status: 404 });
    }
    await audit(tx, { at: now, actor, action: 'window.end', target: id });
  });
}
