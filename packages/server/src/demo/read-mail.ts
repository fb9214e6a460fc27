/** A mail as far as an inbox shows it. */
export interface ReadMail {
  subject: string;
  /** The plain text part, or the whole body where there is none. */
  text: string;
  headers: ReadonlyMap<string, string>;
}

/** Reads a message of RFC 5322 with MIME parts, as mail programs send it. */
export function readMail(source: string): ReadMail {
  const { headers, body } = split(source);
  return { subject: decodeWords(headers.get('subject') ?? ''), text: plainText(headers, body).trim(), headers };
}

function split(source: string): { headers: Map<string, string>; body: string } {
  const text = source.replaceAll('\r\n', '\n');
  const end = text.indexOf('\n\n');
  const head = end < 0 ? text : text.slice(0, end);
  const headers = new Map<string, string>();
  for (const line of head.replace(/\n[ \t]+/g, ' ').split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body: end < 0 ? '' : text.slice(end + 2) };
}

function plainText(headers: ReadonlyMap<string, string>, body: string): string {
  const type = headers.get('content-type') ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary === undefined) return decodeBody(body, headers.get('content-transfer-encoding') ?? '7bit');
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => split(part.replace(/^\n/, '')));
  const isPlain = (part: { headers: Map<string, string> }) =>
    /^(text\/plain|multipart\/)/i.test(part.headers.get('content-type') ?? 'text/plain');
  const chosen = parts.find(isPlain) ?? parts[0];
  return chosen ? plainText(chosen.headers, chosen.body) : body;
}

function decodeBody(body: string, encoding: string): string {
  if (encoding.toLowerCase() === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding.toLowerCase() === 'quoted-printable') return decodeQuoted(body.replace(/=\n/g, ''));
  return body;
}

function decodeQuoted(text: string): string {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** `=?UTF-8?Q?…?=` and `=?UTF-8?B?…?=` as of RFC 2047. */
function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(word, 'base64').toString('utf8')
        : decodeQuoted(word.replaceAll('_', ' ')),
    );
}
