import type { Options } from './options.ts';

const SESSION = 'yumops.session';

/** `bytes` random bytes in hex. */
export function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
}

/** Reads and writes the session's storage; a page that may not use it has none. */
export function remember(name: string, value?: string | null): string | null {
  try {
    if (value === null) sessionStorage.removeItem(name);
    else if (value !== undefined) sessionStorage.setItem(name, value);
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

/** An id that ends with the tab, and whether its pages are watched. */
export interface Session {
  readonly id: string;
  readonly sampled: boolean;
}

/**
 * The session: no cookie, nothing that outlives the tab, and nothing kept for a person who does not want it. The first look at the
 * storage of a page waits for another process: this is nothing for its start.
 */
export function session(options: Options): Session {
  const [keptId, keptSampled] = remember(SESSION)?.split('.') ?? [];
  const id = keptId || randomHex(8);
  const sampled = keptSampled ? keptSampled === '1' : Math.random() < (options.sampleRate ?? 1);
  const text = `${id}.${sampled ? 1 : 0}`;
  if (!refused(options) && text !== `${keptId}.${keptSampled}`) remember(SESSION, text);
  return { id, sampled };
}

/** Whether the person, by their browser or by the page, wants not to be watched. */
export function refused({ consent, respectDoNotTrack }: Options): boolean {
  const wishes = navigator as Navigator & { globalPrivacyControl?: boolean };
  if (wishes.globalPrivacyControl === true) return true;
  if (respectDoNotTrack === true && navigator.doNotTrack === '1') return true;
  return consent?.() === false;
}

/** The address without fragment, and without the parts of its query that may not be kept. */
export function cleanUrl(url: string, keep: readonly string[] = []): string {
  try {
    const clean = new URL(url, location.href);
    for (const name of [...clean.searchParams.keys()]) if (!keep.includes(name)) clean.searchParams.delete(name);
    return `${clean.origin}${clean.pathname}${clean.search}`;
  } catch {
    return '';
  }
}
