import type { Restriction } from './restriction.ts';

/** What somebody who is shut out is answered: a page for browsers, JSON for everything else. Uses nothing of Node. */
export interface Refusal {
  status: 429;
  headers: Record<string, string>;
  body: string;
}

/** @param now milliseconds since the epoch */
export function refusalFor(block: Pick<Restriction, 'until'>, accept: string | null | undefined, now: number): Refusal {
  const seconds = Math.max(1, Math.ceil((block.until - now) / 1000));
  const minutes = Math.ceil(seconds / 60);
  const when = minutes === 1 ? 'in a minute' : `in ${minutes} minutes`;
  const headers = { 'retry-after': String(seconds), 'cache-control': 'no-store' };
  if (!(accept ?? '').includes('text/html')) {
    const error = { code: 'too_many_attempts', message: `Too many attempts. Try again ${when}.` };
    return {
      status: 429,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ error }),
    };
  }
  return {
    status: 429,
    headers: {
      ...headers,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    },
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>Too many attempts</title><style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem}h1{font-size:1.5rem;line-height:1.2}</style></head><body><h1>Too many attempts</h1><p>Too many attempts came from your network address. You can go on ${when}.</p><p>If these were not yours, nothing is wrong with your account.</p></body></html>`,
  };
}
