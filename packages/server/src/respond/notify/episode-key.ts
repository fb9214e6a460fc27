import type { MessageAlert } from './body.ts';

const MAX = 255;

/**
 * The name of an episode at a vendor that opens and closes incidents by key: `yumops:<first 16 digits of the
 * fingerprint>:<episode>`.
 */
export function episodeKey(alert: Pick<MessageAlert, 'id'>): string {
  return `yumops:${alert.id.replace(/-(?=[^-]*$)/, ':')}`.slice(0, MAX);
}
