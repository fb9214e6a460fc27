import { createHash, createPrivateKey, sign } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningPlatform, startYumops } from '../support/start-yumops.mjs';
import { type StateServer, startStateServer } from '../support/state-server.ts';

const ADMIN = 'browser-test-admin-token';
const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery staple';

let folder: string;
let server: StateServer;
let platform: RunningPlatform;
let browser: Browser;
/** Passkeys are tied to a name. */
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-browser-'));
  await chmod(folder, 0o755);
  server = await startStateServer();
  await writeFile(join(folder, 'yumops.yml'), 'service: shop\nsign_in: {breached_passwords: false}\n');
  platform = await startYumops({
    folder,
    env: {
      ...{ ...process.env, YUMOPS_DATA: join(folder, 'data'), YUMOPS_ADMIN_TOKEN: ADMIN },
      YUMOPS_STATE_URL: (await server.database()).url,
    },
  });
  url = platform.url.replace('127.0.0.1', 'localhost');
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  await api('POST', '/api/v1/users', { email: EMAIL, password: PASSWORD, name: 'Ada', role: 'admin' });
}, 120_000);

afterAll(async () => {
  await browser.close();
  await platform.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function api<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(platform.url + path, {
    ...{ method, headers: { authorization: `Bearer ${ADMIN}`, ...(body && { 'content-type': 'application/json' }) } },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
  return (await answer.json()) as Answer;
}

/** A device with passkeys, which asks for a finger and gets one. */
async function device() {
  const context = await browser.newContext();
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, automaticPresenceSimulation: true },
      ...{ hasUserVerification: true, isUserVerified: true },
    },
  });
  return { context, page, cdp, authenticatorId };
}

async function enterPassword(page: Page): Promise<void> {
  await page.goto(`${url}/sign-in?return=/settings`);
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
}

async function signedInAs(context: BrowserContext): Promise<string | null> {
  const answer = await context.request.get(`${url}/api/v1/me`);
  return answer.ok() ? ((await answer.json()) as { email: string }).email : null;
}

async function person() {
  const { items } = await api<{ items: { email: string; passkeys: number }[] }>('GET', '/api/v1/users');
  return items.find(({ email }) => email === EMAIL);
}

/** As the browser's virtual device tells of it, in base64. */
interface Credential {
  credentialId: string;
  privateKey: string;
  userHandle?: string;
}

/** Signs in as a device does that holds the private key, but says what it likes (WebAuthn level 3, section 6.1). */
async function signInBy(
  { credentialId, privateKey, userHandle }: Credential,
  said: { userVerified: boolean; count: number },
) {
  const options = await fetch(`${url}/api/auth/passkey/generate-authenticate-options`);
  const { challenge } = (await options.json()) as { challenge: string };
  const clientData = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge, origin: url, crossOrigin: false }));
  const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(said.count);
  const data = Buffer.concat([sha256('localhost'), Buffer.from([said.userVerified ? 0b101 : 0b001]), counter]);
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  const signature = sign(null, Buffer.concat([data, sha256(clientData)]), key);
  const id = Buffer.from(credentialId, 'base64').toString('base64url');
  const response = {
    ...{ clientDataJSON: clientData.toString('base64url'), authenticatorData: data.toString('base64url') },
    ...{
      signature: signature.toString('base64url'),
      userHandle: Buffer.from(userHandle ?? '', 'base64').toString('base64url'),
    },
  };
  const answer = await fetch(`${url}/api/auth/passkey/verify-authentication`, {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/json', origin: url },
      cookie: options.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; '),
    },
    body: JSON.stringify({ response: { id, rawId: id, type: 'public-key', response, clientExtensionResults: {} } }),
  });
  return { status: answer.status, body: (await answer.json()) as unknown };
}

describe('a passkey', () => {
  let own: { context: BrowserContext; page: Page; cdp: CDPSession; authenticatorId: string };

  beforeAll(async () => {
    own = await device();
  });
  afterAll(() => own.context.close());

  test('is made in Settings, named, and shown to administrators', { timeout: 60_000 }, async () => {
    const { page, cdp, authenticatorId } = own;
    await enterPassword(page);
    const panel = page.getByRole('region', { name: 'Passkeys' });
    await panel.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByLabel(/^Name/).fill('Laptop');
    await page.getByRole('button', { name: 'Go on in the browser' }).click();
    await panel.getByText('Laptop').waitFor();
    const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
    expect(credentials).toMatchObject([{ isResidentCredential: true, rpId: 'localhost' }]);
    expect(await person()).toMatchObject({ passkeys: 1 });

    await panel.getByRole('button', { name: 'Rename Laptop' }).click();
    await page.getByLabel(/^Name/).fill('Work laptop');
    await page.getByRole('button', { name: 'Rename', exact: true }).click();
    await panel.getByText('Work laptop').waitFor();
  });

  test('signs in without a password', { timeout: 60_000 }, async () => {
    const { page, context } = own;
    await context.clearCookies();
    await page.goto(`${url}/sign-in?return=/settings`);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForURL(`${url}/settings`);
    expect(await signedInAs(context)).toBe(EMAIL);
  });

  test('is wanted after the password, which alone gives no session', { timeout: 60_000 }, async () => {
    const { page, context } = own;
    await context.clearCookies();
    await enterPassword(page);
    await page.getByText('Your passkey is wanted too').waitFor();
    expect(await signedInAs(context)).toBeNull();
    await page.getByRole('button', { name: 'Use your passkey' }).click();
    await page.waitForURL(`${url}/settings`);
    expect(await signedInAs(context)).toBe(EMAIL);
  });

  test('that did not ask who holds it is refused', async () => {
    const { credentials } = await own.cdp.send('WebAuthn.getCredentials', { authenticatorId: own.authenticatorId });
    const credential = credentials[0] as Credential;
    expect(await signInBy(credential, { userVerified: false, count: 1_000 })).toMatchObject({
      ...{ status: 401, body: { code: 'USER_NOT_VERIFIED' } },
    });
    expect(await signInBy(credential, { userVerified: true, count: 1_001 })).toMatchObject({ status: 200 });
    // A copy of the passkey lags behind the count that the other one has reached.
    expect(await signInBy(credential, { userVerified: true, count: 1_001 })).toMatchObject({ status: 400 });
  });

  test('is removed, after which the password is enough again; the audit log has it all', {
    timeout: 60_000,
  }, async () => {
    const { page, context } = own;
    await page.goto(`${url}/settings`);
    const panel = page.getByRole('region', { name: 'Passkeys' });
    await panel.getByRole('button', { name: 'Remove Work laptop' }).click();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await panel.getByText('None yet').waitFor();
    expect(await person()).toMatchObject({ passkeys: 0 });
    await context.clearCookies();
    await enterPassword(page);
    await page.waitForURL(`${url}/settings`);
    const { items } = await api<{ items: { action: string; actor: string }[] }>('GET', '/api/v1/audit?action=passkey.');
    expect(items).toMatchObject([
      { action: 'passkey.remove', actor: EMAIL },
      { action: 'passkey.add', actor: EMAIL },
    ]);
    await page.goto(`${url}/sign-in`);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page
      .getByRole('alert')
      .filter({ hasText: /not found/i })
      .waitFor();
  });
});

/** What a passive scanner says against an answer, as OWASP ZAP does: its rules' numbers are in front. */
function complaints(answer: { url: string; type: string; headers: Record<string, string> }): string[] {
  const { headers, type } = answer;
  const path = new URL(answer.url).pathname;
  const policy = headers['content-security-policy'] ?? '';
  const rules: [boolean, string][] = [
    [headers['x-content-type-options'] !== 'nosniff', '10021 x-content-type-options'],
    [!/default-src 'none'/.test(policy), '10038 no content security policy'],
    [/unsafe-(inline|eval)|\*|http:/.test(policy), '10055 loose content security policy'],
    [type === 'document' && !/frame-ancestors 'none'/.test(policy), '10020 can be framed'],
    [!/form-action '(self|none)'/.test(policy), '10055 forms may go anywhere'],
    [headers['permissions-policy'] === undefined, '10063 permissions-policy'],
    [!/^(same-origin|no-referrer)$/.test(headers['referrer-policy'] ?? ''), '10110 referrer-policy'],
    [headers['cross-origin-opener-policy'] !== 'same-origin', '90004 cross-origin-opener-policy'],
    [headers['x-powered-by'] !== undefined || headers['server'] !== undefined, '10036 tells what runs'],
    [headers['access-control-allow-origin'] !== undefined, '10098 other origins may read'],
    [/^\/api\/(v1|auth)\//.test(path) && headers['cache-control'] !== 'no-store', '10015 may be kept in a cache'],
    [
      /^text\/html|^text\/css|javascript/.test(headers['content-type'] ?? '') &&
        !/charset=utf-8/.test(headers['content-type'] ?? ''),
      '90011 no charset',
    ],
  ];
  return rules.flatMap(([wrong, rule]) => (wrong ? [`${rule}: ${path}`] : []));
}

describe('headers and cookies', () => {
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    context = await browser.newContext();
    context.setDefaultTimeout(30_000);
    page = await context.newPage();
    await enterPassword(page);
    await page.waitForURL(`${url}/settings`);
  });
  afterAll(() => context.close());

  test('a scanner that watches a person finds nothing to say', { timeout: 60_000 }, async () => {
    const said = new Set<string>();
    let answers = 0;
    page.on('response', (response) => {
      if (!response.url().startsWith(url)) said.add(`foreign: ${response.url()}`);
      answers += 1;
      const seen = { url: response.url(), type: response.request().resourceType(), headers: response.headers() };
      for (const complaint of complaints(seen)) said.add(complaint);
    });
    page.on('pageerror', (error) => said.add(error.message));
    await page.addInitScript(
      "document.addEventListener('securitypolicyviolation', (event) => { throw new Error('refused by policy: ' + event.violatedDirective); })",
    );
    for (const path of ['/', '/alerts', '/logs', '/security', '/settings?view=people', '/sign-in', '/nothing-here']) {
      await page.goto(url + path);
      await page.locator('main').first().waitFor();
    }
    expect([...said]).toEqual([]);
    expect(answers).toBeGreaterThan(30);
  });

  test('the cookie of the session is out of reach of scripts and of other sites', async () => {
    const cookies = (await context.cookies()).filter(({ name }) => name.includes('session'));
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' }]);
    const held = await page.evaluate<string[]>(
      '[document.cookie, JSON.stringify({ ...localStorage, ...sessionStorage })]',
    );
    const [value = ''] = decodeURIComponent(cookies[0]?.value ?? '').split('.');
    expect(value.length).toBeGreaterThan(20);
    expect(held.join()).not.toContain(value);
    expect(held[0]).not.toContain('session');
  });

  test('another site can neither frame the console nor act or read in its name', { timeout: 60_000 }, async () => {
    const evil = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><h1>Kittens</h1>'),
    );
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    const before = await api<{ items: { id: string }[] }>('GET', '/api/v1/audit?limit=1');
    const trap = await context.newPage();
    await trap.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
    const outcome = await trap.evaluate<string[]>(`(async () => {
      const settle = (asked) => asked.then((answer) => answer.text(), () => 'unreadable');
      const read = await settle(fetch('${url}/api/v1/me', { credentials: 'include' }));
      const act = { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"role":"viewer"}' };
      const acted = await settle(fetch('${url}/api/v1/users/ada%40example.com/role', act));
      const frame = document.createElement('iframe');
      frame.src = '${url}';
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
      document.body.append(frame);
      await loaded;
      return [read, acted];
    })()`);
    expect(outcome).toEqual(['unreadable', 'unreadable']);
    const framed = trap.frames().find((frame) => frame !== trap.mainFrame());
    expect(await framed?.content()).not.toContain('YumOps');
    await trap.evaluate(`(() => {
      const form = document.createElement('form');
      Object.assign(form, { action: '${url}/api/auth/sign-out', method: 'post' });
      document.body.append(form);
      form.submit();
    })()`);
    await trap.waitForURL(`${url}/**`);
    await trap.close();
    await new Promise((resolve) => evil.close(resolve));
    expect((await api<{ items: { id: string }[] }>('GET', '/api/v1/audit?limit=1')).items).toEqual(before.items);
    expect(await signedInAs(context)).toBe(EMAIL);
  });
});
