// Kills the alert path at random points between the answer to a sender and the answer of a vendor, and counts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '../../dist/engines/index.js';
import { systemClock } from '../../dist/lib/clock.js';
import { createLog } from '../../dist/lib/log.js';
import { connectState, migrateState } from '../../dist/store/state/index.js';
import { seedState } from '../support/engine-templates.mjs';
import { ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, ROUTING_KEY, startVendors } from './alert-vendors.mjs';
import { seededRandom } from './seeded-random.mjs';

const SCRIPT = fileURLToPath(new URL('./alert-intake-process.mjs', import.meta.url));
const OPEN = `SELECT count(*)::int AS n FROM alert_messages WHERE status NOT IN ('sent', 'failed', 'cancelled')`;
/** What became of the messages, and why. */
const FATES = `SELECT channel, kind, status, coalesce(regexp_replace(last_error, '\\d+', 'N', 'g'), '-') AS why,
  count(*)::int AS n FROM alert_messages GROUP BY 1, 2, 3, 4 ORDER BY n DESC LIMIT 20`;
/** Every so many alerts one calls a phone: vendors are spared, so that phones take long. */
const PHONE_EVERY = 4;

const numberOf = (n) => `+4420718${String(n).padStart(5, '0')}`;
const isPhone = (n) => n % PHONE_EVERY === 0;

/** One route an alert, so that each phone rings for one alert only. */
function configOf({ base, smtp }, most) {
  const phones = Array.from({ length: most }, (_, n) => n).filter(isPhone);
  const routes = phones.map(
    (n) => `  - {matchers: ['n="${n}"'], notifications: [{sms: "${numberOf(n)}"}, {phone: "${numberOf(n)}"}]}`,
  );
  return `integrations:
  slack: {webhook: "${base}/slack"}
  webhook: [{name: hook, url: "${base}/hook"}]
  pagerduty: {primary: {key: "${ROUTING_KEY}", url: "${base}"}}
  twilio: {account_sid: ${ACCOUNT_SID}, auth_token: "${AUTH_TOKEN}", from: "${OUR_NUMBER}", url: "${base}"}
  smtp: {url: "${smtp}", from: ops@example.com}
alert_settings: {email_notifications: [fallback@example.com]}
pushed_alerts:
${routes.join('\n')}
  - {notifications: [{slack: "#ops"}, {webhook: hook}, {pagerduty: primary}]}
grouping: {by: [n], group_wait: 0s, group_interval: 1h, repeat_interval: 24h, resolve_timeout: 24h}
`;
}

async function startPath(settings) {
  const env = { PATH: process.env.PATH, ALERT_PROCESS: JSON.stringify(settings) };
  const child = spawn(process.execPath, [SCRIPT], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const early = once(child, 'exit').then(([code]) => {
    throw new Error(`the alert path did not start (${code})`);
  });
  const [line] = await Promise.race([once(child.stdout, 'data'), early]);
  early.catch(() => undefined);
  return { child, base: String(line).trim() };
}

function killIn(child, ms) {
  return setTimeout(() => child.kill('SIGKILL'), ms);
}

/** Sends one alert. @returns whether it was answered with 200 */
async function push(base, n) {
  const body = JSON.stringify([{ labels: { alertname: 'Kill', severity: 'critical', n: String(n) } }]);
  const headers = { 'content-type': 'application/json', 'x-yumops-key': 'k' };
  try {
    const answer = await fetch(`${base}/api/v2/alerts`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

/**
 * Kills `kills` times while alerts come in, lets everything settle, and counts what came of what was accepted. All
 * fallbacks go to one person, who gets a mail every `mailEveryMs`: nearly all of the settling is that.
 */
export async function runAlertKills({
  kills,
  seed,
  print = () => undefined,
  settleMs = 1_200_000,
  mailEveryMs = 60_000,
}) {
  const random = seededRandom(seed);
  const home = await mkdtemp(join(tmpdir(), 'yumops-alert-kills-'));
  const log = createLog(systemClock, () => undefined);
  await seedState(join(home, 'pg'));
  const engine = await startEmbeddedPostgres({ dataDir: join(home, 'pg'), clock: systemClock, log });
  const db = connectState(engine.url, { log, maxConnections: 2 });
  const vendors = await startVendors(random);
  const settings = { url: engine.url, configFolder: home, mailEveryMs };
  const accepted = new Set();
  let next = 0;
  try {
    await migrateState(db);
    await writeFile(join(home, 'yumops.yml'), configOf(vendors, kills * 4 + 4));
    for (let round = 1; round <= kills; round++) {
      const { child, base } = await startPath(settings);
      const gone = once(child, 'exit');
      // Some die when a vendor has taken something and not answered yet, some before the first answer to a sender.
      vendors.onTaken = random() < 0.5 ? () => random() < 0.4 && child.kill('SIGKILL') : () => undefined;
      let timer = random() < 0.3 ? killIn(child, random() * 1_500) : undefined;
      while (child.exitCode === null && child.signalCode === null) {
        const n = next < round * 4 ? next++ : undefined;
        if (n !== undefined && (await push(base, n))) accepted.add(n);
        timer ??= killIn(child, random() * 350);
        await sleep(random() * 40);
      }
      await gone;
      clearTimeout(timer);
      if (round % 20 === 0) print(`${round} kills, ${accepted.size} alerts accepted`);
    }
    vendors.onTaken = () => undefined;
    const { child } = await startPath(settings);
    let stillOut = 0;
    try {
      stillOut = await settle(db, settleMs, print);
    } finally {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    const result = { ...(await count(db, vendors, accepted, kills)), stillOut };
    for (const row of await db.query(FATES)) print(`${row.n} ${row.channel} ${row.kind} ${row.status}: ${row.why}`);
    if (!keptPromises(result)) await printOutbox(db, vendors, result, print);
    return result;
  } finally {
    await vendors.stop();
    await db.close();
    await engine.stop();
    await rm(home, { recursive: true, force: true });
  }
}

/** Waits until every message is sent, failed or withdrawn, or the time is over. @returns how much is still out */
async function settle(db, settleMs, print) {
  const begun = performance.now();
  let said = begun;
  for (;;) {
    const [{ n: open }] = await db.query(OPEN);
    const [{ n: unread }] = await db.query(
      'SELECT count(*)::int AS n FROM pushed_alerts WHERE handled_version <> version',
    );
    if (open + unread === 0) return 0;
    const now = performance.now();
    if (now - begun > settleMs) {
      print(`not settled after ${Math.round(settleMs / 1_000)} s: ${open} messages out, ${unread} alerts unread`);
      return open + unread;
    }
    if (now - said > 15_000) {
      said = now;
      print(`${Math.round((now - begun) / 1_000)} s of settling: ${open} messages out, ${unread} alerts unread`);
    }
    await sleep(200);
  }
}

async function count(db, vendors, accepted, kills) {
  const rows = await db.query('SELECT fingerprint, labels FROM pushed_alerts');
  const prints = new Map(rows.map(({ fingerprint, labels }) => [Number(labels.n), fingerprint.slice(0, 16)]));
  const uncertain = await db.query(`SELECT count(*)::int AS n FROM alert_messages WHERE interruptions > 0`);
  const failed = await db.query(`SELECT count(*)::int AS n FROM alert_messages WHERE status = 'failed'`);
  // Mails to one person wait for each other and leave as one, under the key of one of them.
  const mailed = await db.query(
    `SELECT l.key, lead.key AS "sentAs" FROM alert_messages m JOIN alert_message_alerts l ON l.message_id = m.id
     JOIN alert_messages lead ON lead.id = coalesce(m.bundle, m.id) WHERE m.channel = 'email'`,
  );
  const inMails = mailed.filter(({ sentAs }) => vendors.mail.includes(sentAs)).map(({ key }) => key);
  const of = (keys, n) => keys.filter((key) => key.startsWith(`${prints.get(n)}:`));
  const phoned = (collection, n) =>
    vendors.made.filter((one) => one.collection === collection && one.to === numberOf(n));
  const lost = [];
  let fallbacks = 0;
  for (const n of accepted) {
    const places = isPhone(n)
      ? { sms: phoned('Messages', n), call: phoned('Calls', n) }
      : {
          slack: of(vendors.slack, n),
          webhook: of(vendors.webhook, n),
          pagerduty: [...vendors.incidents.keys()].filter((key) => key.startsWith(`yumops:${prints.get(n)}:`)),
        };
    // What cannot be sent a third time without a second duplicate is told to the fallback.
    const told = of(vendors.mail, n).length + of(inMails, n).length > 0;
    for (const [place, found] of Object.entries(places)) {
      if (found.length > 0) continue;
      if (told) fallbacks++;
      else lost.push(`${place} of ${n}`);
    }
  }
  const timesByKey = (keys) => [...groupsOf(keys).values()].map(({ length }) => length);
  const most = (numbers) => Math.max(0, ...numbers);
  const byNumber = (collection) =>
    timesByKey(vendors.made.filter((one) => one.collection === collection).map(({ to }) => to));
  const doubled = [...accepted].filter((n) => phoned('Messages', n).length > 1 || phoned('Calls', n).length > 1);
  // The first message about an alert has one key, however often it arrives.
  const firstKeys = (keys) =>
    [...new Set(keys)].filter((key) => key.endsWith(':firing')).map((key) => key.slice(0, 16));
  return {
    kills,
    accepted: accepted.size,
    interrupted: uncertain[0].n,
    lost,
    doubled,
    fallbacks,
    doubleSms: byNumber('Messages').filter((times) => times > 1).length,
    doubleCalls: byNumber('Calls').filter((times) => times > 1).length,
    doublePages: timesByKey([...vendors.incidents.keys()].map((key) => key.slice(7, 23))).filter((n) => n > 1).length,
    mostSlackOfOneKey: most(timesByKey(vendors.slack)),
    mostWebhookOfOneKey: most(timesByKey(vendors.webhook)),
    duplicates: [...timesByKey(vendors.slack), ...timesByKey(vendors.webhook)].filter((times) => times > 1).length,
    unmarkedDuplicates: [...timesByKey(firstKeys(vendors.slack)), ...timesByKey(firstKeys(vendors.webhook))].filter(
      (n) => n > 1,
    ).length,
    failed: failed[0].n,
    wrong: vendors.wrong,
  };
}

/** Whether the promises held. */
export function keptPromises(result) {
  return (
    result.lost.length + result.stillOut === 0 &&
    result.doubleSms + result.doubleCalls + result.doublePages + result.unmarkedDuplicates === 0 &&
    Math.max(result.mostSlackOfOneKey, result.mostWebhookOfOneKey) <= 2 &&
    result.wrong.length === 0
  );
}

/** Prints all that is known of the alerts that broke a promise, at most 20 of them. */
async function printOutbox(db, vendors, { lost, doubled }, print) {
  const numbers = new Set([...lost.map((place) => Number(place.split(' of ')[1])), ...doubled]);
  for (const n of [...numbers].slice(0, 20)) {
    const rows = await db.query(
      `SELECT m.key, m.status, m.attempts, m.interruptions, m.created_at, m.attempted_at, m.uncertain_since, m.sent_at,
         m.next_attempt_at, m.last_error, m.bundle, m.kind
       FROM pushed_alerts p JOIN alert_message_alerts a ON starts_with(a.key, left(p.fingerprint, 16))
       JOIN alert_messages m ON m.id = a.message_id WHERE p.labels ->> 'n' = $1 ORDER BY m.seq`,
      [String(n)],
    );
    print(`alert ${n}: ${JSON.stringify(rows, null, 1)}`);
    const made = vendors.made.filter(({ to }) => to === numberOf(n));
    if (made.length > 0)
      print(`made: ${JSON.stringify(made.map(({ collection, sid, at }) => ({ collection, sid, at })))}`);
  }
}

function groupsOf(keys) {
  const groups = new Map();
  for (const key of keys) groups.set(key, [...(groups.get(key) ?? []), key]);
  return groups;
}
