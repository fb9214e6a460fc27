import { type Reach, refuseBeyond } from '../../lib/reach.ts';
import type { Errors, ErrorsOptions } from './errors.ts';
import { getEvent, listEvents } from './issues/get-event.ts';
import { getIssue, notFound } from './issues/get-issue.ts';
import { listIssues } from './issues/list-issues.ts';
import { readLosses } from './losses/read-losses.ts';
import { listReleases } from './releases/releases.ts';

type Reads = Pick<Errors, 'list' | 'get' | 'events' | 'event' | 'releases' | 'losses' | 'hasAttachment'>;

/** What can be read of errors within a reach. */
export function readsOf({ db, clock, config, ...options }: ErrorsOptions, reach: Reach): Reads {
  const telemetry = reach === null ? options.telemetry : options.telemetry.within(reach);
  const reading = () => ({ db, telemetry, now: clock.now(), ownership: config().ownership });
  return {
    list: (filter) => listIssues(reading(), filter),
    get: (id, range) => getIssue(reading(), id, range),
    events: (id, page) => listEvents(telemetry, id, page),
    event: (eventId) => getEvent({ telemetry, ownership: config().ownership }, eventId),
    releases: ({ limit }) => listReleases({ db, telemetry }, { reach, limit }),
    losses: (range) => readLosses(telemetry, range),
    async hasAttachment(id) {
      const found = await telemetry.query('SELECT 1 FROM attachment_rows WHERE id = {id:String} LIMIT 1', { id });
      return found.length > 0;
    },
  };
}

/** The part that knows errors, for somebody who reaches some projects only; what is of others is unknown. */
export function errorsWithin(whole: Errors, options: ErrorsOptions, reach: readonly string[]): Errors {
  const telemetry = options.telemetry.within(reach);
  const refuseUnknown = async (ids: readonly string[]) => {
    for (const id of ids) {
      const { items } = await listEvents(telemetry, id, { limit: 1 });
      if (items.length === 0) throw notFound(id);
    }
  };
  return {
    ...whole,
    ...readsOf(options, reach),
    async change(id, change, actor) {
      await refuseUnknown([id]);
      await whole.change(id, change, actor);
    },
    async merge(into, others, actor) {
      await refuseUnknown([into, ...others]);
      await whole.merge(into, others, actor);
    },
    async split(id, hashes, actor) {
      await refuseUnknown([id]);
      await whole.split(id, hashes, actor);
    },
    async keepRelease(release, actor) {
      refuseBeyond(reach, release.project);
      return whole.keepRelease(release, actor);
    },
    async addDeploy(deploy, actor) {
      refuseBeyond(reach, deploy.project);
      return whole.addDeploy(deploy, actor);
    },
  };
}
