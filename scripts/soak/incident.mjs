// A whole incident on the live example, from the fault to the postmortem: YumZoom under traffic, a receiver that speaks
// as Slack does, and a person in Chromium. `--pictures FOLDER` keeps screenshots.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { SMTPServer } from 'smtp-server';
import { freePort } from '../../packages/server/dist/engines/free-port.js';
import { buildConsole, buildExample } from '../lib/build-steps.mjs';
import { root } from '../lib/root.mjs';

const SIGNING = 'signing-secret-of-the-exercise';
const KEY = '0123456789abcdef0123456789abcdef';
const WAIT = 240_000;
const at = process.argv.indexOf('--pictures');
const pictures = at < 0 ? undefined : process.argv[at + 1];
const folder = mkdtempSync(join(tmpdir(), 'yumops-incident-'));
const children = [];
const told = [];
const started = performance.now();

function log(text) {
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}

async function until(what, check, wait = WAIT) {
  const end = performance.now() + wait;
  while (performance.now() < end) {
    const found = await check();
    if (found) {
      log(what);
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`Not within ${wait / 1000} s: ${what}`);
}

function listen(server) {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

/** Takes what Slack's Web API takes, and remembers it. */
function slackReceiver() {
  let posted = 0;
  return createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const body = JSON.parse(text || '{}');
      const ts = body.ts ?? `${1_700_000_000 + ++posted}.000000`;
      told.push({ ...body, ts, method: request.url.split('/').at(-1) });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ok: true, channel: body.channel, ts }));
    });
  });
}

function mailReceiver(mails) {
  return new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (part) => {
        text += part;
      });
      stream.on('end', () => {
        mails.push(text.replaceAll('=\r\n', '').replaceAll('=3D', '='));
        done();
      });
    },
  });
}

function start(args, env, mark) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true,
  });
  children.push(child);
  const lines = [];
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (line.startsWith(mark)) resolve({ url: line.slice(mark.length).trim().split(' ')[0], lines });
    });
  });
}

/** The example's configuration with a Slack app, an SMTP server, and windows short enough to wait for. */
function writeConfig(slackPort, smtpPort) {
  const source = join(root, 'examples', 'yumzoom');
  cpSync(join(source, 'monitoring'), join(folder, 'monitoring'), { recursive: true });
  for (const file of ['performance-budgets.yml', 'security-rules.yml']) cpSync(join(source, file), join(folder, file));
  const rules = join(folder, 'monitoring', 'alert-rules.yml');
  writeFileSync(rules, readFileSync(rules, 'utf8').replace('time_window: "5 minutes"', 'time_window: "1 minute"'));
  const monitors = join(folder, 'monitoring', 'uptime-monitoring.yml');
  writeFileSync(monitors, readFileSync(monitors, 'utf8').replaceAll(/check_interval: \d+/g, 'check_interval: 20'));
  const slack = `slack: {bot_token: xoxb-exercise, signing_secret: ${SIGNING}, url: "http://127.0.0.1:${slackPort}/api"}`;
  const smtp = `smtp: {url: "smtp://127.0.0.1:${smtpPort}", from: ops@yumzoom.com}`;
  const main = readFileSync(join(source, 'yumops.yml'), 'utf8')
    .replace(/ {2}slack: \{webhook.*\n/, `  ${slack}\n`)
    .replace(/ {2}smtp: \{url.*\n/, `  ${smtp}\n`)
    .replace(/declare:\n.*\n/, 'declare:\n    - {matchers: ["alertname=High Error Rate"]}\n')
    .replace(/\ndatabases:[\s\S]*$/, '\n');
  writeFileSync(join(folder, 'yumops.yml'), main);
}

const buttonsOf = ({ blocks = [] }) => blocks.flatMap(({ type, elements }) => (type === 'actions' ? elements : []));

/** What Slack sends when somebody clicks the button. */
async function click(platform, message, name) {
  const button = buttonsOf(message).find(({ action_id: id }) => id === name);
  const payload = {
    type: 'block_actions',
    user: { id: 'U1', username: 'sam' },
    container: { channel_id: message.channel, message_ts: message.ts },
    message: { text: message.text, blocks: message.blocks },
    actions: [{ action_id: name, value: button.value }],
  };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const at = Math.floor(Date.now() / 1000);
  const signature = `v0=${createHmac('sha256', SIGNING).update(`v0:${at}:${body}`).digest('hex')}`;
  const answer = await fetch(`${platform}/integrations/slack/interactions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(at),
      'x-slack-signature': signature,
    },
    body,
  });
  if (answer.status !== 200) throw new Error(`The click was answered with ${answer.status}.`);
}

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
}

async function setFault(site, on) {
  const answer = await fetch(`${site}/api/ops/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fault: 'error_burst', on }),
  });
  if (!answer.ok) throw new Error(`The fault could not be switched: ${answer.status}.`);
}

async function drive(platform, site, mails) {
  const { url } = platform;
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  try {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    const read = async (path) => (await context.request.get(url + path)).json();
    await page.goto(platform.lines.map((line) => /Sign in\s+(\S+)/.exec(line)?.[1]).find(Boolean));
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    await visitor(browser, url, mails);
    log('the fault begins');
    await setFault(site, true);
    const paged = await until('Slack was told, with buttons', () =>
      told.find((message) => message.text.includes('High Error Rate') && buttonsOf(message).length > 0),
    );
    await page.goto(`${url}/incidents`);
    await page.getByRole('link', { name: /High Error Rate/ }).click();
    await page.getByRole('button', { name: /Acknowledge/ }).waitFor();
    await picture(page, 'incident-declared');
    const { items } = await read('/api/v1/incidents?state=open');
    const { id } = items[0];
    const detail = () => read(`/api/v1/incidents/${id}`);
    await click(url, paged, 'yumops_acknowledge');
    await until('sam has it', async () => (await detail()).acknowledgedBy === 'sam');
    await runbook(page);
    await tellVisitors(page, browser, url, mails);
    log('the fault ends');
    await setFault(site, false);
    await until('its alerts have ended', async () => (await detail()).status === 'monitoring', 2 * WAIT).catch(
      async (error) => {
        const open = (await detail()).alerts.filter(({ state }) => state === 'firing').map(({ rule }) => rule);
        throw new Error(`${error.message}; still firing: ${open.join(', ')}`);
      },
    );
    await page.goto(`${url}/incidents/${id}`);
    await page.getByRole('button', { name: 'Resolve' }).click();
    await page.getByLabel('Why, in a sentence').fill('the connections of the pool are back');
    await page.getByRole('button', { name: 'Move' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await until('resolved', async () => (await detail()).status === 'resolved');
    await page.goto(`${url}/status-page`);
    await page.getByRole('link', { name: /Problems with/ }).click();
    await page.getByLabel('Next').selectOption('resolved');
    await page.getByRole('button', { name: 'Publish the update' }).click();
    await until('the status page says that it is over', async () =>
      (await (await fetch(`${url}/status`)).text()).includes('Resolved'),
    );
    await page.goto(`${url}/incidents/${id}`);
    await page.getByText('What happened').waitFor();
    await picture(page, 'incident-timeline');
    await page.goto(`${url}/incidents/${id}?view=postmortem`);
    await page.getByRole('button', { name: 'Save as it is' }).click();
    await page.getByRole('heading', { name: 'Postmortem', exact: true, level: 2 }).waitFor();
    await picture(page, 'incident-postmortem');
    check(await detail(), await read(`/api/v1/incidents/${id}/postmortem`));
  } finally {
    await browser.close();
  }
}

/** A visitor without script subscribes, and confirms. */
async function visitor(browser, url, mails) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${url}/status`);
  await page.getByLabel('E-mail').fill('eve@example.com');
  await page.getByRole('button', { name: 'Subscribe' }).first().click();
  await page.getByText('Look into your mailbox').waitFor();
  const link = await until('the visitor was asked to confirm', () =>
    mails.map((mail) => /http\S+\/status\/confirm\/[\w.-]+/.exec(mail)?.[0]).find(Boolean),
  );
  await page.goto(link);
  await page.getByRole('button').click();
  await page.getByText('You get news from now on').waitFor();
  await context.close();
}

async function runbook(page) {
  await page.getByRole('button', { name: 'Begin the runbook' }).click();
  const step = page.getByRole('region', { name: 'Step 2' });
  await step.getByRole('button', { name: 'Show the failing routes' }).click();
  await step.getByText('requests failed').first().waitFor();
  await step.getByRole('button', { name: 'Done' }).click();
  await step.getByText('Take back').waitFor();
  log('a step of the runbook is done');
  await picture(page, 'incident-runbook');
}

async function tellVisitors(page, browser, url, mails) {
  await page.getByRole('button', { name: 'Draft a post', exact: true }).click();
  await page.getByRole('region', { name: 'Status page' }).getByRole('link').click();
  await page.getByLabel('Website').selectOption('partial_outage');
  await picture(page, 'status-page-draft');
  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  await page.getByText('Publish the update').waitFor();
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1000, height: 1100 } });
  const visit = await context.newPage();
  await visit.goto(`${url}/status`);
  await visit.getByRole('heading', { name: /Problems with/ }).waitFor();
  await picture(visit, 'status-page');
  await context.close();
  await until('the subscriber was told', () => mails.some((mail) => /Subject:.*Problems with/.test(mail)));
}

/** The story is complete: everything that happened is in it, in order. */
function check(incident, postmortem) {
  const kinds = new Set(incident.timeline.map(({ kind }) => kind));
  const wanted = ['alert', 'declared', 'notification', 'acknowledgement', 'status', 'runbook', 'status page', 'change'];
  const missing = wanted.filter((kind) => !kinds.has(kind));
  if (missing.length > 0) throw new Error(`The timeline lacks ${missing.join(', ')}.`);
  const times = incident.timeline.map(({ at }) => at);
  if ([...times].sort().join() !== times.join()) throw new Error('The timeline is not in order.');
  if (incident.evidence.some(({ error }) => error !== null) || incident.evidence.length === 0) {
    throw new Error(`Evidence is missing: ${JSON.stringify(incident.evidence)}`);
  }
  for (const part of ['## Timeline', '**acknowledgement**', '**runbook**', '**status page**', '| Resolved |']) {
    if (!postmortem.text.includes(part)) throw new Error(`The postmortem lacks ${part}.`);
  }
  const rows = incident.evidence.map(({ kind, total }) => `${kind} ${total}`).join(', ');
  log(`${incident.timeline.length} lines of ${kinds.size} kinds; evidence: ${rows}`);
  log(`times in ms: ${JSON.stringify(incident.times)}`);
}

try {
  await buildConsole();
  await buildExample();
  const mails = [];
  const slack = slackReceiver();
  const mail = mailReceiver(mails);
  const slackPort = await listen(slack);
  await new Promise((resolve) => mail.listen(0, '127.0.0.1', resolve));
  writeConfig(slackPort, mail.server.address().port);
  const port = await freePort();
  const sitePort = await freePort();
  const data = join(folder, 'data');
  const shared = { YUMZOOM_DATA: join(folder, 'yumzoom'), YUMOPS_KEY: KEY, YUMOPS_URL: `http://127.0.0.1:${port}` };
  const site = await start(
    ['examples/yumzoom/scripts/start.mjs'],
    { ...shared, PORT: String(sitePort), YUMZOOM_FAULTS: '1' },
    'yumzoom ready:',
  );
  log(`the site serves at ${site.url}`);
  const platform = await start(
    ['packages/server/dist/cli/bin.js', 'start', '--data', data, '--port', String(port), '--config', folder],
    { ...shared, YUMOPS_INGEST_KEY: KEY, YUMZOOM_URL: `http://127.0.0.1:${sitePort}` },
    'ready:',
  );
  log(`the platform serves at ${platform.url}`);
  await drive(platform, `http://127.0.0.1:${sitePort}`, mails);
  log('from the fault to the postmortem: complete');
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const child of children.reverse()) {
    child.removeAllListeners('exit');
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (child.kill('SIGTERM')) await gone;
  }
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}
