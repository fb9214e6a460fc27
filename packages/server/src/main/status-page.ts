import { join } from 'node:path';
import { audit } from '../access/audit.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { listMonitorStates, readDays } from '../observe/uptime/index.ts';
import { mailSender } from '../respond/notify/index.ts';
import { createStatusPage, type StatusPage, subscriberLinks } from '../respond/statuspage/index.ts';
import { openBlobStore } from '../store/blob/index.ts';
import type { LiveConfig } from './live-config.ts';
import type { Stores } from './stores.ts';

/** Makes the public status page; it tells nobody yet. */
export function makeStatusPage(context: {
  stores: Stores;
  live: LiveConfig;
  clock: Clock;
  log: Log;
  publicUrl: string;
  linkKey: string;
}): StatusPage {
  const { stores, live, clock, publicUrl, linkKey } = context;
  const { db, telemetry } = stores;
  return createStatusPage({
    ...{ db, audit, clock, log: context.log.child('status page') },
    config: () => live.current.statusPage,
    url: () => live.current.statusPage.url ?? `${publicUrl}/status`,
    insideNames: () => insideNames(live),
    links: subscriberLinks(linkKey),
    openSnapshot: (address) => openBlobStore(address, join(live.current.root)),
    mail() {
      const { smtp } = live.current.integrations;
      return smtp?.broken === null ? mailSender(smtp) : undefined;
    },
    measured: {
      states: () => listMonitorStates(db),
      async days(monitors, now) {
        const states = await listMonitorStates(db);
        const names = new Map(states.filter(({ name }) => monitors.includes(name)).map(({ id, name }) => [id, name]));
        const days = await readDays({ db, telemetry }, [...names.keys()], now);
        return days.map(({ monitorId, ...day }) => ({ ...day, monitor: names.get(monitorId) ?? monitorId }));
      },
    },
  });
}

/** What only people inside know by name. */
function insideNames({ current }: LiveConfig): string[] {
  const { monitors, rules, slos, people, schedules, databases, backups, policies } = current;
  const named = [...monitors, ...rules, ...slos, ...people, ...schedules, ...databases, ...backups];
  const mails = people.flatMap(({ email }) => email?.address ?? []);
  return [...named.map(({ name }) => name), ...policies.keys(), ...mails];
}
