import { formatDuration } from '../../../lib/duration.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import { randomHex } from '../../../lib/random.ts';
import { changeGroup } from '../group/change.ts';
import { matchesAll, matchesAnything, parseMatcher } from './matcher.ts';
import type { SilenceDeps } from './ports.ts';
import { matchable, type Silence } from './silence.ts';

/** Longer ones are usually forgotten, and then hide something. */
const LONGEST_MS = 30 * 86_400_000;

export interface NewSilence {
  /** Conditions on labels, `name="value"`; all must hold. */
  matchers: readonly string[];
  /** Ms since the epoch; left out = now. */
  start?: number | undefined;
  /** Ms since the epoch; null = until what matches now is resolved. */
  end: number | null;
  reason: string;
  author: string;
  /** Accepts an end more than 30 days away. */
  confirm?: boolean | undefined;
}

/**
 * Silences alerts. Messages about them that nobody can have received yet do not leave.
 * @throws YumOpsError `invalid_matcher`, `invalid_silence`, `silence_too_long`, `nothing_fires` (400)
 */
export async function addSilence(deps: SilenceDeps, input: NewSilence): Promise<Silence> {
  const { store, audit } = deps;
  const now = deps.now();
  const matchers = input.matchers.map(parseMatcher);
  const startsAt = input.start ?? now;
  if (matchers.length === 0 || matchesAnything(matchers)) {
    throw refused('A silence needs a condition that does not hold for every alert.', 'add for example service="api"');
  }
  if (input.reason.trim() === '') throw refused('A silence needs a reason.', 'say what it is for');
  checkTimes(startsAt, input.end, now, input.confirm ?? false);
  const matched = (await store.firingAlerts()).filter((alert) => matchesAll(matchers, matchable(alert)));
  if (input.end === null && matched.length === 0) {
    const message = 'Nothing that matches fires, so there is nothing whose end could be waited for.';
    throw new YumOpsError('nothing_fires', message, { hint: 'Give the silence an end.', status: 400 });
  }
  const silence: Silence = {
    id: randomHex(6),
    matchers,
    startsAt,
    endsAt: input.end,
    alertIds: input.end === null ? matched.map(({ id }) => id) : [],
    author: input.author,
    reason: input.reason.trim(),
    createdAt: now,
    endedAt: null,
    endedBy: null,
  };
  const detail = { matchers: input.matchers, startsAt, endsAt: input.end, reason: silence.reason };
  const entry = { at: now, actor: input.author, action: 'silence.add', target: silence.id, detail };
  await store.writeSilence(silence, (tx) => audit(tx, entry));
  for (const groupKey of new Set(matched.map((alert) => alert.groupKey))) {
    await changeGroup(deps, { groupKey, inputs: [], now: deps.now });
  }
  return silence;
}

function checkTimes(start: number, end: number | null, now: number, confirm: boolean): void {
  if (end === null) return;
  if (end <= start || end <= now) throw refused('The silence ends before it begins.', 'give a later end');
  if (end - start <= LONGEST_MS || confirm) return;
  const message = `The silence lasts ${formatDuration(end - start)}; more than 30 days must be confirmed.`;
  throw new YumOpsError('silence_too_long', message, { hint: 'Give an earlier end, or confirm.', status: 400 });
}

function refused(message: string, hint: string): YumOpsError {
  return new YumOpsError('invalid_silence', message, { hint, status: 400 });
}
