import { afterAll, beforeAll, expect, test } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { Db } from '../../src/lib/db.ts';
import { probeConditions } from '../../src/main/observe.ts';
import { createProbeDesk } from '../../src/observe/uptime/agent/desk.ts';
import { httpMonitor } from '../../src/observe/uptime/testing/monitors.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { AlertRig, configOf, START } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { silent } from './agent-rig.ts';

const CONFIG =
  'alert_settings: {email_notifications: [admin@yumzoom.com], escalation_policy: [{delay: 0, notify: [email]}]}';

let server: StateServer;
beforeAll(async () => {
  server = await startStateServer();
});
afterAll(() => server?.stop());

/** The desk on a real store and the whole path of alerts behind it, on one clock. */
async function platform() {
  const clock = new FakeClock(START);
  const { db } = await server.database();
  let waiting = 0;
  const counted: Db = {
    async query(sql, values) {
      waiting++;
      try {
        return await db.query(sql, values);
      } finally {
        waiting--;
      }
    },
    transaction: (work) => db.transaction(work),
  };
  const monitors = [httpMonitor('https://yumzoom.app/', { locations: ['fra'], quorum: 1 })];
  const settings = () => ({ location: 'local', targets: {}, referenceTargets: [], generation: 1 });
  const uptime = { monitors: () => monitors, report: async () => undefined, settings };
  const open = () => {
    const desk = createProbeDesk({ db: counted, clock, log: silent, audit, uptime });
    desk.start();
    return desk;
  };
  let desk = open();
  const rig = new AlertRig(configOf(CONFIG), {
    ...{ clock, store: new PostgresAlertStore(db, async () => clock.now()) },
    conditions: () => probeConditions(desk),
  });
  const hear = (leaving = false) =>
    desk.sync('fra', {
      ...{ agent: { id: 'fra-1', name: 'fra', version: '1' }, revision: '', results: [] },
      ...{ waiting: 0, dropped: 0, leaving },
    });
  return {
    rig,
    hear,
    /** Lets time pass, in steps of as often as the desk looks. */
    async pass(seconds: number, each: () => Promise<unknown> = async () => undefined) {
      for (const end = rig.t + seconds; rig.t < end; ) {
        await each();
        await rig.until(rig.t + 5);
        do await new Promise(setImmediate);
        while (waiting > 0);
      }
    },
    async restart() {
      await desk.stop();
      desk = open();
      rig.boot();
    },
    stop: () => desk.stop(),
  };
}

const told = ({ rig }: Awaited<ReturnType<typeof platform>>) =>
  rig.receivers.received.map(({ kind, title }) => `${kind}: ${title}`);

test('an agent that falls silent is told once, also over a restart of the platform, and so is its return', async () => {
  const own = await platform();
  await own.pass(120, own.hear);
  expect(told(own)).toEqual([]);
  await own.pass(45);
  expect(told(own)).toEqual([]);
  await own.pass(60);
  expect(told(own)).toEqual([expect.stringMatching(/^firing: .*Probe fra is silent/)]);
  await own.pass(300);
  await own.restart();
  await own.pass(120);
  expect(told(own)).toHaveLength(1);
  await own.pass(60, own.hear);
  expect(told(own).slice(1)).toEqual([expect.stringMatching(/^resolved: .*Probe fra is silent/)]);
  await own.stop();
});
