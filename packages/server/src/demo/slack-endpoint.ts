import { createServer, type IncomingMessage, type Server } from 'node:http';

const BODY_MAX = 1_000_000;

/** A message for an incoming webhook, as far as an inbox shows it. */
export interface SlackMessage {
  channel: string;
  title: string;
  text: string;
}

/**
 * A Slack-shaped endpoint: takes what an incoming webhook takes and answers `ok`, or `invalid_payload` with 400.
 * @param take resolves when the message is stored
 */
export function slackEndpoint(take: (message: SlackMessage) => Promise<void>): Server {
  return createServer((request, response) => {
    receive(request, take).then(
      ([status, text]) => response.writeHead(status, { 'content-type': 'text/plain' }).end(text),
      () => response.writeHead(500, { 'content-type': 'text/plain' }).end('rollup_error'),
    );
  });
}

async function receive(
  request: IncomingMessage,
  take: (message: SlackMessage) => Promise<void>,
): Promise<[status: number, text: string]> {
  const body = await readBody(request);
  if (request.method !== 'POST') return [405, 'method_not_allowed'];
  const message = body === undefined ? undefined : parse(body);
  if (!message) return [400, 'invalid_payload'];
  await take(message);
  return [200, 'ok'];
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size <= BODY_MAX) parts.push(part);
  }
  return size > BODY_MAX ? undefined : Buffer.concat(parts).toString('utf8');
}

interface Payload {
  text?: unknown;
  channel?: unknown;
  blocks?: unknown;
}

function parse(body: string): SlackMessage | undefined {
  let payload: Payload | null;
  try {
    payload = JSON.parse(body) as Payload | null;
  } catch {
    return undefined;
  }
  if (typeof payload?.text !== 'string') return undefined;
  const lines = textsOf(payload.blocks);
  return {
    channel: typeof payload.channel === 'string' ? payload.channel : 'default channel',
    title: plain(payload.text),
    text: lines.map(plain).join('\n'),
  };
}

/** Every text in the blocks, in their order. */
function textsOf(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(textsOf);
  if (typeof node !== 'object' || node === null) return [];
  const { text, ...rest } = node as Record<string, unknown>;
  const own = typeof text === 'string' ? [text] : textsOf(text);
  return [...own, ...Object.values(rest).flatMap((value) => (typeof value === 'object' ? textsOf(value) : []))];
}

/** Slack's markup as plain text: links as `text (address)`, no stars, no escapes. */
function plain(text: string): string {
  return text
    .replace(/<([^|>]+)\|([^>]+)>/g, '$2 ($1)')
    .replace(/\*([^*\n]+)\*\n/g, '$1: ')
    .replace(/\*([^*\n]+)\*/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
