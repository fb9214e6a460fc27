import type { AlertSubject, Episode, Plan } from './episode.ts';
import { episodeOf, groupKeyOf } from './episodes.ts';
import { alertId } from './fingerprint.ts';
import { type ChangeDeps, changeGroups, type GroupChange } from './group/change.ts';
import type { GroupInput } from './group/decide.ts';
import type { Instance, Transition } from './instance.ts';
import type { Lease } from './ports.ts';

/** An alert begins (again) or ends. */
export type Occurrence =
  | {
      type: 'begins';
      instance: Instance;
      transition: 'fired' | 'reopened';
      origin: Episode['origin'];
      subject: AlertSubject;
      plan: Plan;
      /** The evaluation, ms since the epoch. */
      at: number;
    }
  /** `subject` is null when what it was about is no more. */
  | { type: 'ends'; instance: Instance; subject: AlertSubject | null; reason: string };

/** What a transition means, for an instance whose subject exists. `plan` is only asked for a beginning. */
export function occurrenceOf(
  instance: Instance,
  transition: Transition,
  about: { origin: Episode['origin']; subject: AlertSubject; at: number; plan: () => Plan },
): Occurrence {
  const { origin, subject, at } = about;
  if (transition !== 'resolved')
    return { type: 'begins', instance, transition, origin, subject, plan: about.plan(), at };
  const reason = instance.state === 'insufficient' ? `insufficient: ${instance.reason}` : instance.reason;
  return { type: 'ends', instance, subject, reason };
}

/** The end of something of which only the instance is left. */
export function endOf(instance: Instance): Occurrence {
  return { type: 'ends', instance, subject: null, reason: instance.reason };
}

/**
 * Writes occurrences group by group: instance, alert, timeline, outbox and timers in one transaction.
 * @param groupBy labels that form a group
 * @throws YumOpsError `lease_lost`
 */
export async function commitOccurrences(
  deps: ChangeDeps,
  lease: Lease,
  groupBy: readonly string[],
  occurrences: readonly Occurrence[],
  now: number,
): Promise<void> {
  const known = await deps.store.groupsOf(occurrences.filter((one) => !isNew(one)).map(idOf));
  const groups = new Map<string, Occurrence[]>();
  for (const occurrence of occurrences) {
    const key = known.get(idOf(occurrence)) ?? groupKeyOf(groupBy, occurrence.subject ?? { labels: {} });
    const own = groups.get(key) ?? [];
    own.push(occurrence);
    groups.set(key, own);
  }
  const changes = [...groups].map(
    ([groupKey, own]): GroupChange => ({
      groupKey,
      lease,
      alertIds: own.map(idOf),
      // One instance may end an episode and begin the next; what it came to is written.
      instances: [...new Map(own.map(({ instance }) => [instance.fingerprint, instance])).values()],
      inputs: own.map((occurrence) => inputOf(occurrence, groupKey, now)),
      now: () => now,
    }),
  );
  await changeGroups(deps, changes);
  // What an alert muted that is over now may speak again.
  if (occurrences.some(({ type }) => type === 'ends')) await deps.store.wakeMuted(now);
}

function isNew(occurrence: Occurrence): boolean {
  return occurrence.type === 'begins' && occurrence.transition === 'fired';
}

function idOf({ instance }: Occurrence): string {
  return alertId(instance.fingerprint, instance.episode);
}

function inputOf(occurrence: Occurrence, groupKey: string, now: number): GroupInput {
  const { instance, subject } = occurrence;
  if (occurrence.type === 'begins') {
    const { origin, plan, at } = occurrence;
    return { type: 'fired', alert: episodeOf(occurrence.subject, instance, { origin, plan, groupKey, at, now }) };
  }
  const reading = subject && { value: subject.value, sample: subject.sample, summary: subject.summary };
  const said = subject && { annotations: subject.annotations };
  const { reason } = occurrence;
  return { type: 'resolved', alertId: idOf(occurrence), reason, reading, flips: instance.flips, ...said };
}
