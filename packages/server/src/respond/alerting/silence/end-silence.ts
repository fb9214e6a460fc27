import { YumOpsError } from '../../../lib/errors.ts';
import type { SilenceDeps } from './ports.ts';
import type { Silence } from './silence.ts';

/**
 * Ends a silence now; what it muted and still fires is told. One that is over stays as it is.
 * @throws YumOpsError `unknown_silence` (404)
 */
export async function endSilence(deps: SilenceDeps, id: string, by: string): Promise<Silence> {
  const now = deps.now();
  const silence = (await deps.store.silences()).find((one) => one.id === id);
  if (!silence) throw new YumOpsError('unknown_silence', `There is no silence ${id}.`, { status: 404 });
  if (silence.endedAt !== null || (silence.endsAt !== null && silence.endsAt <= now)) return silence;
  const ended: Silence = { ...silence, endedAt: now, endedBy: by };
  await deps.store.writeSilence(ended, (tx) =>
    deps.audit(tx, { at: now, actor: by, action: 'silence.end', target: id, detail: { reason: silence.reason } }),
  );
  await deps.store.wakeMuted(now);
  return ended;
}
