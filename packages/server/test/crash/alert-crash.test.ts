import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StateStore } from '../../src/store/state/index.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { type HttpVendor, type MailVendor, mailServer, slackServer } from '../support/vendor-servers.ts';

const KILLS = 12;
const MONITORS = 30;
const seed = Number(process.env.YUMOPS_TEST_SEED ?? Date.now() % 1_000_000);

let server: StateServer;
let slack: HttpVendor;
let mail: MailVendor;

beforeAll(async () => {
  [server, slack, mail] = await Promise.all([startStateServer(), slackServer(), mailServer()]);
});

afterAll(() => Promise.all([server.stop(), slack.stop(), mail.stop()]));

/** A small generator of its own, so that a seed gives the same run. */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function start(url: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./alert-process.mjs', import.meta.url));
  const settings = { url, slackUrl: slack.url, smtpUrl: mail.url, instance: 'one' };
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env.PATH, ALERT_PROCESS: JSON.stringify(settings) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function until(condition: () => Promise<boolean>, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not true within ${limitMs} ms (seed ${seed})`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const count = async (db: StateStore, sql: string) =>
  (await db.query<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`))[0]?.n ?? 0;
const open = `alert_messages WHERE status NOT IN ('sent', 'failed', 'cancelled')`;

test(`killed ${KILLS} times while it evaluates and sends, it loses nothing and doubles only under the same key (seed ${seed})`, async () => {
  const random = randomOf(seed);
  const { db, url } = await server.database();
  await db.query('CREATE TABLE crash_monitors (id text PRIMARY KEY, state text NOT NULL)');
  await db.query(`INSERT INTO crash_monitors SELECT 'm' || n, 'up' FROM generate_series(1, $1) n`, [MONITORS]);
  slack.delayMs = 15;
  for (let round = 0; round < KILLS; round++) {
    const child = await start(url);
    const wave = 'id IN (SELECT id FROM crash_monitors ORDER BY md5(id || $1) LIMIT 8)';
    await db.query(`UPDATE crash_monitors SET state = CASE state WHEN 'up' THEN 'down' ELSE 'up' END WHERE ${wave}`, [
      String(random()),
    ]);
    // The first life gets as far as a message; the later ones end anywhere.
    if (round === 0) await until(async () => (await count(db, 'alert_messages')) > 0, 60_000);
    await new Promise((resolve) => setTimeout(resolve, random() * 250));
    await kill(child);
  }
  const last = await start(url);
  await db.query(`UPDATE crash_monitors SET state = 'up'`);
  const settled = async () =>
    (await count(db, `alerts WHERE state = 'firing'`)) +
      (await count(db, open)) +
      (await count(db, `alert_timers WHERE kind <> 'flap'`)) ===
    0;
  try {
    // What flaps is looked at again half an hour later.
    await until(settled, 100_000);
  } finally {
    await kill(last);
  }

  const messages = await db.query<{ key: string; bundle: string; status: string; last_error: string | null }>(
    'SELECT key, coalesce(bundle, id) AS bundle, status, last_error FROM alert_messages',
  );
  expect(messages.length).toBeGreaterThan(KILLS);
  const got = new Map<string, number>();
  const keys = [
    ...slack.accepted.map(
      (payload) =>
        /[0-9a-f]{16}:[^"]*?:(?:(?:firing|resolved)(?:~\d+)?|meta[^"]*)(?=")/.exec(JSON.stringify(payload))?.[0],
    ),
    ...mail.mails.map(({ headers }) => headers.get('x-yumops-key')),
  ];
  for (const key of keys) got.set(key ?? 'none', (got.get(key ?? 'none') ?? 0) + 1);
  // Mails to one person are held up and leave as one, under the key of one of them.
  const told = new Set(messages.filter(({ key }) => got.has(key)).map(({ bundle }) => bundle));
  const lost = messages.filter(({ bundle, status }) => status === 'sent' && !told.has(bundle));
  expect(lost).toEqual([]);
  const unsure = 'the process stopped twice while sending; it may have arrived';
  expect(messages.filter(({ status, last_error }) => status === 'failed' && last_error !== unsure)).toEqual([]);
  const known = new Set(messages.map(({ key }) => key));
  expect([...got.keys()].filter((key) => !known.has(key))).toEqual([]);
  expect(Math.max(...got.values())).toBeLessThanOrEqual(2);
  const unheard = await db.query(
    `SELECT a.id FROM alerts a WHERE NOT EXISTS (SELECT 1 FROM alert_timeline t WHERE t.alert_id = a.id AND t.kind = 'silent')
     AND (SELECT count(DISTINCT m.target) FROM alert_message_alerts l JOIN alert_messages m ON m.id = l.message_id
          WHERE l.alert_id = a.id AND m.kind = 'firing' AND (m.status = 'sent' OR m.maybe_delivered))
      <> (SELECT count(DISTINCT m.target) FROM alert_message_alerts l JOIN alert_messages m ON m.id = l.message_id
          WHERE l.alert_id = a.id AND m.kind = 'resolved' AND (m.status = 'sent' OR m.maybe_delivered))`,
  );
  expect(unheard).toEqual([]);
}, 180_000);
