import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { outgoing } from '../../test/support/outgoing.ts';
import { type StateServer, startStateServer } from '../../test/support/state-server.ts';
import { FakeClock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { createLog } from '../lib/log.ts';
import { Secret } from '../lib/secret.ts';
import { createNotifiers, NO_INTEGRATIONS } from '../respond/notify/index.ts';
import { type DemoInbox, startDemoInbox } from './inbox.ts';
import { readDemoInbox, storeInboxMessage } from './inbox-store.ts';

const clock = new FakeClock();
const never = new AbortController().signal;
let server: StateServer;
let db: Db;
let inbox: DemoInbox;

beforeAll(async () => {
  server = await startStateServer();
});

afterAll(() => server.stop());

beforeEach(async () => {
  ({ db } = await server.database());
  inbox = await startDemoInbox({ db, clock, log: createLog(clock, () => undefined) });
});

afterEach(async () => {
  await inbox.stop();
  await server.closeDatabases();
});

function notifiers() {
  return createNotifiers(
    {
      ...NO_INTEGRATIONS,
      slack: { webhook: new Secret(inbox.slackUrl), channel: null, fixedChannel: false, broken: null },
      smtp: { url: new Secret(inbox.smtpUrl), from: 'ops@yumzoom.com', broken: null },
    },
    clock,
  );
}

test('takes what goes to Slack and what goes by mail, newest first', async () => {
  expect(await notifiers().get('slack')?.send(outgoing(), never)).toMatchObject({ outcome: 'sent' });
  await clock.advance(1_000);
  const mail = outgoing({ target: 'devops@yumzoom.com' }, { title: 'Firing: café – ümlaut '.repeat(6) });
  expect(await notifiers().get('email')?.send(mail, never)).toMatchObject({ outcome: 'sent' });
  const [second, first] = await readDemoInbox(db, 10);
  expect(first).toMatchObject({ channel: 'slack', to: '#alerts', receivedAt: '2026-01-05T10:00:00.000Z' });
  expect(first?.title).toBe(
    '🔴 Firing: High Error Rate: 6 % of 3,000 requests failed in the last 5 min (limit 5 %), service api',
  );
  expect(first?.text).toContain('(https://ops.yumzoom.app/alerts/a1b2c3d4e5f60718-1)');
  expect(first?.text).toContain('Severity: critical');
  expect(second).toMatchObject({ channel: 'email', to: 'devops@yumzoom.com' });
  expect(second?.title).toContain('[CRITICAL] Firing: café – ümlaut');
  expect(second?.text).toContain('Since: 2026-01-05 10:01:30 UTC');
});

test('refuses what is no Slack message, and goes on', async () => {
  for (const body of ['not json', '{}', 'null', `{"text": "${'x'.repeat(1_100_000)}"}`]) {
    const response = await fetch(inbox.slackUrl, { method: 'POST', body });
    expect([response.status, await response.text()]).toEqual([400, 'invalid_payload']);
  }
  expect((await fetch(inbox.slackUrl)).status).toBe(405);
  expect((await fetch(inbox.slackUrl, { method: 'POST', body: '{"text": "a\\u0000b"}' })).status).toBe(200);
  expect(await readDemoInbox(db, 10)).toMatchObject([{ title: 'ab', to: 'default channel' }]);
});

test('keeps the newest 500', async () => {
  for (let n = 0; n < 505; n++) {
    await storeInboxMessage(db, { channel: 'slack', to: '#a', title: `m${n}`, text: '' }, clock.now() + n);
  }
  const kept = await readDemoInbox(db, 1_000);
  expect(kept).toHaveLength(500);
  expect([kept.at(0)?.title, kept.at(-1)?.title]).toEqual(['m504', 'm5']);
});
