import { type DemoInbox, startDemoInbox } from '../demo/inbox.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import type { Log } from '../lib/log.ts';
import type { Shutdown } from './shutdown.ts';

/** Starts the demo inbox. */
export async function openDemoInbox(context: {
  db: Db;
  clock: Clock;
  log: Log;
  shutdown: Shutdown;
}): Promise<DemoInbox> {
  const inbox = await startDemoInbox(context);
  context.shutdown.add('demo inbox', () => inbox.stop());
  return inbox;
}
