import type { Options } from './options.ts';

const SESSION = 'yumops.session';

/** `bytes` random bytes in hex. */
export function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
}

/** Whether something with this share happens. */
export const chance = (share = 1): boolean => Math.random() < share;

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
 * The session: no cookie, nothing that outlives the tab. The first look at the storage of a page waits for another process: this
 * is nothing for its start, and nothing before the person agrees.
 */
export function session(share: number | undefined): Session {
  const [keptId, keptSampled] = remember(SESSION)?.split('.') ?? [];
  if (keptId && keptSampled) return { id: keptId, sampled: keptSampled === '1' };
  const made = { id: randomHex(8), sampled: chance(share) };
  remember(SESSION, `${made.id}.${made.sampled ? 1 : 0}`);
  return made;
}

/** Forgets the session. */
export const forgetSession = (): string | null => remember(SESSION, null);

/** Whether the browser says that the person does not want to be watched. */
export function refused({ privacy }: Options): boolean {
  const wishes = navigator as Navigator & { globalPrivacyControl?: boolean };
  return wishes.globalPrivacyControl === true || (privacy?.doNotTrack === true && navigator.doNotTrack === '1');
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
