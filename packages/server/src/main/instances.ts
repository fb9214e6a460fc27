import type { Scheduler } from '../care/scheduler/index.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../lib/clock.ts';
import { keysOf } from '../lib/keyring.ts';
import type { Log } from '../lib/log.ts';
import { type InstanceRow, Instances } from '../observe/instances/index.ts';
import type { WatchedCondition } from '../respond/alerting/index.ts';
import { VERSION } from '../version.ts';
import type { Archives } from './backup/archives.ts';
import type { LiveBackups } from './backup/open.ts';
import type { DatabaseCare } from './care.ts';
import { conditionsOf } from './conditions.ts';
import type { Identity } from './identity.ts';
import type { LiveConfig } from './live-config.ts';
import type { Observe } from './observe.ts';
import type { Stores } from './stores.ts';

export type PlatformInstances = Instances<WatchedCondition>;

/** What is said where no instance has a role. */
const NEEDED = {
  ingest: 'No instance takes telemetry.',
  worker: 'No instance checks monitors, evaluates alert rules and runs jobs.',
  web: 'No instance serves the console and the API.',
};

/** An instance may restart before somebody is told, ms. */
const AWAY_MS = 60_000;

/**
 * Makes this instance known to the others on its state store. One of the workers watches databases, receives the logs
 * of backups and looks into their stores.
 * @returns also, for the alert path, what any instance finds wrong at the moment
 */
export function makeInstances(context: {
  settings: Settings;
  stores: Stores;
  identity: Identity;
  live: LiveConfig;
  observe: Observe;
  databases: DatabaseCare;
  backups: LiveBackups;
  archives: Archives;
  instance: string;
  localUrl: string;
  scheduler: Scheduler;
  clock: Clock;
  log: Log;
}): { instances: PlatformInstances; conditions: () => WatchedCondition[] } {
  const { settings, stores, identity, live, observe, databases, backups, archives, instance, clock } = context;
  const own = () => conditionsOf(backups, archives, context.scheduler, observe);
  const duty = {
    async begin() {
      await databases.watch.reload(live.current.databases);
      backups.watch.start();
      await archives.follow(live.current, true);
    },
    async end() {
      await Promise.all([databases.watch.stop(), backups.watch.stop(), archives.follow(live.current, false)]);
    },
  };
  const instances = new Instances<WatchedCondition>({
    db: stores.db,
    ...{ clock, instance, log: context.log.child('instances') },
    roles: [...settings.roles],
    version: VERSION,
    url: context.localUrl,
    keys: keysOf(identity.keyring),
    async report() {
      const { spoolBytes, lagSeconds, rejected, dropped } = observe.ingest.stats();
      const pipeline = { spoolBytes, lagSeconds, rejected, dropped };
      return { problems: await observe.health.problems(), conditions: own(), pipeline };
    },
    ...(settings.roles.has('worker') && { duty }),
    needed: NEEDED,
  });
  return { instances, conditions: () => conditionsOfAll(own(), instances) };
}

/** What this instance knows, what others know, and which instances are away. */
function conditionsOfAll(
  own: readonly WatchedCondition[],
  instances: Pick<PlatformInstances, 'conditions' | 'gone' | 'missingRoles'>,
): WatchedCondition[] {
  const known = new Map<string, WatchedCondition>();
  const away = [...instances.gone().map(awayCondition), ...instances.missingRoles().map(missingCondition)];
  for (const condition of [...own, ...instances.conditions(), ...away]) {
    if (!known.has(condition.id)) known.set(condition.id, condition);
  }
  return [...known.values()];
}

function awayCondition({ instance, roles, url, seenAt }: InstanceRow): WatchedCondition {
  return {
    id: `instance:away:${instance}`,
    name: 'Instance is away',
    labels: { instance, role: roles.join(',') },
    holds: true,
    forMs: AWAY_MS,
    reason: `The instance at ${url} (${roles.join(', ')}) has not been heard since ${new Date(seenAt).toISOString()}; what its spool holds waits there.`,
  };
}

function missingCondition([role, sentence]: readonly [string, string]): WatchedCondition {
  return {
    id: `instance:role:${role}`,
    name: `No instance with the role ${role}`,
    labels: { role },
    holds: true,
    forMs: AWAY_MS,
    reason: sentence,
  };
}
