import { YumOpsError } from '../../lib/errors.ts';
import type { Issue } from '../../lib/finding.ts';
import { randomHex } from '../../lib/random.ts';
import { compileWindow, type RawWindow } from './config.ts';
import { insertWindow } from './stored.ts';
import type { Window, WindowKind } from './window.ts';
import type { Change, WindowsOptions } from './windows.ts';

/** As long as availability is kept. */
const KEPT_MS = 400 * 86_400_000;

/**
 * Plans work, or a time without alerts. One that has begun already counts from its own start.
 * @throws YumOpsError `invalid_window` (400)
 */
export async function addWindow(
  { db, audit, config }: Pick<WindowsOptions, 'db' | 'audit' | 'config'>,
  { kind, ...raw }: RawWindow & { kind: WindowKind },
  { actor, now }: Change,
): Promise<Window> {
  const { monitors, slos } = config();
  const issues: Issue[] = [];
  const names = { monitors: monitors.map(({ name }) => name), slos: slos.map(({ name }) => name) };
  const compiled = compileWindow(raw, kind, names, (issue) => issues.push(issue));
  const refusal = issues.find(({ code }) => code.startsWith('E'));
  if (refusal || !compiled) throw refused(refusal?.message ?? 'it has no times', refusal?.suggestion);
  if (compiled.times.type === 'once' && compiled.times.end <= now)
    throw refused('it is over already', 'give a later end');
  const window: Window = { ...compiled, id: randomHex(6), author: actor, createdAt: now };
  const detail = { name: window.name, kind, times: window.times, timeZone: window.timeZone, reason: window.reason };
  await db.transaction(async (tx) => {
    await insertWindow(tx, window, now - KEPT_MS);
    await audit(tx, { at: now, actor, action: 'window.add', target: window.id, detail });
  });
  return window;
}

function refused(message: string, hint: string | undefined): YumOpsError {
  return new YumOpsError('invalid_window', `The window is refused: ${message}.`, {
    status: 400,
    ...(hint !== undefined && { hint }),
  });
}
