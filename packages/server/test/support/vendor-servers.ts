import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { readMail } from '../../src/demo/read-mail.ts';
import { verify } from '../../src/respond/notify/webhook/signature.ts';

/** What a vendor answers to the next request instead of judging it. */
export interface ForcedAnswer {
  status: number;
  text?: string;
  headers?: Record<string, string>;
  /** Never answers. */
  hang?: boolean;
}

export interface HttpVendor {
  url: string;
  /** Requests that were accepted, as JSON. */
  accepted: Record<string, unknown>[];
  /** Every request, as it came. */
  requests: { headers: IncomingMessage['headers']; body: string }[];
  force: ForcedAnswer | null;
  /** Takes a request at once and answers this much later. */
  delayMs: number;
  stop(): Promise<void>;
}

type Judge = (body: string, headers: IncomingMessage['headers']) => { status: number; text: string };

async function vendor(judge: Judge): Promise<HttpVendor> {
  const state: HttpVendor = {
    url: '',
    accepted: [],
    requests: [],
    force: null,
    delayMs: 0,
    stop: async () => undefined,
  };
  const server = createServer((request, response) => void answer(request, response));
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = Buffer.concat(parts).toString('utf8');
    state.requests.push({ headers: request.headers, body });
    if (state.force?.hang) return;
    const { status, text, headers } = state.force
      ? { text: '', headers: {}, ...state.force }
      : { headers: {}, ...judge(body, request.headers) };
    if (status === 200) state.accepted.push(JSON.parse(body));
    if (state.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, state.delayMs));
    response.writeHead(status, headers).end(text);
  }
  await listen(server);
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/T0/B0/secret`;
  state.stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return state;
}

/** Takes exactly what Slack documents for incoming webhooks and Block Kit. */
export function slackServer(options: { takesChannel?: boolean } = {}): Promise<HttpVendor> {
  return vendor((body, headers) => {
    const problem = slackProblem(body, headers, options.takesChannel ?? true);
    return problem === undefined ? { status: 200, text: 'ok' } : { status: 400, text: `invalid_payload: ${problem}` };
  });
}

function slackProblem(body: string, headers: IncomingMessage['headers'], takesChannel: boolean): string | undefined {
  if (!headers['content-type']?.startsWith('application/json')) return 'content type';
  const payload = JSON.parse(body) as Record<string, unknown>;
  const known = new Set(['text', 'blocks', 'attachments', 'thread_ts', 'mrkdwn', 'unfurl_links', 'unfurl_media']);
  if (takesChannel) known.add('channel');
  for (const key of Object.keys(payload)) if (!known.has(key)) return `unknown key ${key}`;
  if (typeof payload['text'] !== 'string' || payload['text'] === '') return 'no_text';
  const blocks = payload['blocks'] as Record<string, unknown>[];
  if (!Array.isArray(blocks) || blocks.length > 50) return 'invalid_blocks';
  return blocks.map(blockProblem).find((problem) => problem !== undefined);
}

interface Text {
  type?: unknown;
  text?: unknown;
}

function textProblem(text: Text | undefined, type: string, max: number): string | undefined {
  if (text?.type !== type || typeof text.text !== 'string') return `text must be ${type}`;
  if (text.text.length === 0 || text.text.length > max) return `text of 1 to ${max} characters`;
  const stray = type === 'mrkdwn' && /&(?!amp;|lt;|gt;)|<(?!https?:\/\/[^|>]+\|[^<>|]+>)/.test(text.text);
  return stray ? `unescaped control character in ${text.text}` : undefined;
}

function blockProblem(block: Record<string, unknown>): string | undefined {
  switch (block['type']) {
    case 'header':
      return textProblem(block['text'] as Text, 'plain_text', 150);
    case 'section': {
      const fields = (block['fields'] ?? []) as Text[];
      if (fields.length > 10) return 'more than 10 fields';
      const problems = fields.map((field) => textProblem(field, 'mrkdwn', 2_000));
      return textProblem(block['text'] as Text, 'mrkdwn', 3_000) ?? problems.find((problem) => problem !== undefined);
    }
    case 'context': {
      const elements = block['elements'] as Text[];
      if (!Array.isArray(elements) || elements.length === 0 || elements.length > 10) return 'elements';
      return elements.map((element) => textProblem(element, 'mrkdwn', 2_000)).find((problem) => problem !== undefined);
    }
    default:
      return `unsupported block ${String(block['type'])}`;
  }
}

/** Takes JSON whose signature is right. */
export function webhookServer(secret: string, now: () => number): Promise<HttpVendor> {
  return vendor((body, headers) => {
    const signature = headers['x-yumops-signature'];
    const right = typeof signature === 'string' && verify(secret, body, signature, now());
    return right ? { status: 200, text: '' } : { status: 401, text: 'bad signature' };
  });
}

export interface MailVendor {
  url: string;
  /** Mails that were accepted. */
  mails: {
    to: string[];
    from: string;
    subject: string;
    text: string;
    headers: ReadonlyMap<string, string>;
    source: string;
  }[];
  /** Answers every recipient with this code. */
  refuse: { code: number; text: string } | null;
  /** Takes the message and then says nothing. */
  hang: boolean;
  stop(): Promise<void>;
}

/** A real SMTP server. `password`: the only one it lets in; without it nobody signs in. */
export async function mailServer(password?: string): Promise<MailVendor> {
  const state: MailVendor = { url: '', mails: [], refuse: null, hang: false, stop: async () => undefined };
  const server = new SMTPServer({
    authOptional: password === undefined,
    allowInsecureAuth: true,
    disabledCommands: password === undefined ? ['STARTTLS', 'AUTH'] : ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 200,
    onAuth: (auth, _session, done) =>
      auth.password === password ? done(null, { user: 'ops' }) : done(new Error('535 5.7.8 Authentication failed')),
    onRcptTo(_address, _session, done) {
      if (!state.refuse) done();
      else done(Object.assign(new Error(state.refuse.text), { responseCode: state.refuse.code }));
    },
    async onData(stream, session, done) {
      const parts: Buffer[] = [];
      try {
        for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
      } catch {
        // Its sender was killed in the middle of it: nothing was taken.
        return;
      }
      const source = Buffer.concat(parts).toString('utf8');
      const { mailFrom, rcptTo } = session.envelope;
      const from = mailFrom === false ? '' : mailFrom.address;
      state.mails.push({ ...readMail(source), to: rcptTo.map(({ address }) => address), from, source });
      if (!state.hang) done();
    },
  });
  server.on('error', () => undefined);
  await listen(server.server as unknown as Server);
  const { port } = server.server.address() as AddressInfo;
  state.url = `smtp://${password === undefined ? '' : 'ops:right@'}127.0.0.1:${port}`;
  state.stop = () => new Promise((resolve) => server.close(() => resolve()));
  return state;
}

async function listen(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}
