// Strict local stand-ins for Slack, a webhook, PagerDuty, Twilio and a mail server that remember what they took.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';

export const ROUTING_KEY = '0123456789abcdef0123456789abcdef';
export const ACCOUNT_SID = 'AC0123456789abcdef0123456789abcdef';
export const AUTH_TOKEN = '12345678901234567890123456789012';
export const OUR_NUMBER = '+15017122661';

const NUMBER = /^\+[1-9]\d{6,14}$/;
const KEY = /[0-9a-f]{16}:\d+(\+\d+)?:\d+:[^"\\]+?:[a-z]+[\d~]*/;
const TWILIO = new RegExp(`^/2010-04-01/Accounts/${ACCOUNT_SID}/(Messages|Calls)\\.json$`);

/** Starts them on one port. `random`: how long an answer takes. */
export async function startVendors(random) {
  const vendors = {
    /** Keys of messages that Slack and the webhook took, in order. */
    slack: [],
    webhook: [],
    /** Keys of mails to the fallback. */
    mail: [],
    /** Incidents by dedup key: what PagerDuty makes of events. */
    incidents: new Map(),
    /** Messages and calls that were made. */
    made: [],
    /** What was not in the published format. */
    wrong: [],
    /** Called when something was taken, before it is answered. */
    onTaken: () => undefined,
  };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { status, body } = judge(vendors, request, Buffer.concat(chunks).toString());
    if (status >= 400) vendors.wrong.push(`${request.method} ${request.url}: ${JSON.stringify(body)}`);
    else if (request.method === 'POST') vendors.onTaken();
    await sleep(random() * 60);
    response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const mail = await startMail(vendors);
  return Object.assign(vendors, {
    base: `http://127.0.0.1:${server.address().port}`,
    smtp: `smtp://127.0.0.1:${mail.server.address().port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await new Promise((resolve) => mail.close(resolve));
    },
  });
}

async function startMail(vendors) {
  const mail = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    async onData(stream, _session, done) {
      const chunks = [];
      try {
        for await (const chunk of stream) chunks.push(chunk);
      } catch {
        // Its sender was killed in the middle of it: nothing was taken.
        return;
      }
      const key = /^x-yumops-key: *(\S+)/im.exec(
        Buffer.concat(chunks)
          .toString()
          .replace(/\r\n[ \t]+/g, ''),
      )?.[1];
      if (key) vendors.mail.push(key);
      else vendors.wrong.push('a mail without a key');
      done();
    },
  });
  // A client that is killed resets its connection.
  mail.on('error', () => undefined);
  mail.listen(0, '127.0.0.1');
  await once(mail.server, 'listening');
  return mail;
}

function judge(vendors, request, text) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const twilio = TWILIO.exec(pathname);
  if (twilio) return twilioAnswer(vendors, request, searchParams, twilio[1], text);
  if (request.method !== 'POST') return { status: 405, body: 'method' };
  const payload = JSON.parse(text);
  if (pathname === '/slack') {
    const key = KEY.exec(text)?.[0];
    if (!key || typeof payload.text !== 'string') return { status: 400, body: 'invalid_payload' };
    vendors.slack.push(key);
    return { status: 200, body: 'ok' };
  }
  if (pathname === '/hook') {
    if (request.headers['x-yumops-key'] !== payload.key) return { status: 400, body: 'key' };
    vendors.webhook.push(payload.key);
    return { status: 200, body: 'ok' };
  }
  if (pathname === '/v2/enqueue') return pagerduty(vendors, payload);
  return { status: 404, body: 'path' };
}

function pagerduty(vendors, { routing_key: routing, event_action: action, dedup_key: key, payload }) {
  const complete = action !== 'trigger' || (payload?.summary && payload?.source && payload?.severity);
  if (routing !== ROUTING_KEY || !/^yumops:[0-9a-f]{16}:\d+$/.test(key ?? '') || !complete) {
    return { status: 400, body: { status: 'invalid event', message: 'Event object is invalid', errors: [] } };
  }
  // A second trigger of an open incident makes no other one.
  if (action === 'trigger') vendors.incidents.set(key, payload.summary);
  return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: key } };
}

function twilioAnswer(vendors, request, query, collection, text) {
  const pair = Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString('base64');
  if (request.headers.authorization !== `Basic ${pair}`) return { status: 401, body: { code: 20_003 } };
  if (request.method === 'GET') {
    const found = vendors.made.filter((one) => one.collection === collection && one.to === query.get('To'));
    return { status: 200, body: { [collection.toLowerCase()]: found.toReversed(), page_size: 100 } };
  }
  const fields = new URLSearchParams(text);
  const [to, from, body] = [fields.get('To'), fields.get('From'), fields.get('Body') ?? ''];
  const said =
    collection === 'Messages' ? body.length > 0 && body.length <= 1_600 : fields.get('Twiml')?.length <= 4_000;
  if (!NUMBER.test(to ?? '') || from !== OUR_NUMBER || !said) return { status: 400, body: { code: 21_211 } };
  const sid = `${collection === 'Messages' ? 'SM' : 'CA'}${String(vendors.made.length).padStart(32, '0')}`;
  const created = new Date().toUTCString().replace('GMT', '+0000');
  vendors.made.push({
    collection,
    sid,
    to,
    from,
    body,
    direction: 'outbound-api',
    status: 'queued',
    date_created: created,
    at: new Date().toISOString(),
  });
  return { status: 201, body: { sid, status: 'queued' } };
}
