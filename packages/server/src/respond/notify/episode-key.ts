import type { MessageAlert } from './body.ts';

const MAX = 255;

/**
 * The name of an episode at a vendor that opens and closes incidents by key: `yumops:<first 16 digits of the
 * fingerprint>:<episode>`.
 */
export function episodeKey(alert: Pick<MessageAlert, 'id'>): string {
  return `yumops:${alert.id.replace(/-(?=[^-]*$)/, ':')}`.slice(0, MAX);
}

/** The id of the alert that a vendor knows by this key; undefined when the key is not one of ours. */
export function alertIdOfKey(key: string): string | undefined {
  return /^yumops:[0-9a-f]+:\d+$/.test(key) ? key.slice('yumops:'.length).replace(':', '-') : undefined;
}
