import { isIP } from 'node:net';

/** Where Twilio calls us, below the public address. */
export const CALLBACKS = {
  keypad: '/integrations/twilio/keypad',
  sms: '/integrations/twilio/sms',
  status: '/integrations/twilio/status',
} as const;

/** Whether Twilio can call us there: not a name or address of this machine or network alone. */
export function isReachable(publicUrl: string): boolean {
  const { hostname } = new URL(publicUrl);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return !/^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|0\.|::1?$|f[cd]|fe80)/.test(host);
  return host.includes('.') && !/\.(localhost|local|internal|test)$/.test(host);
}

/** The address of a callback about a message. */
export function callbackUrl(publicUrl: string, kind: keyof typeof CALLBACKS, messageId: string): string {
  return `${publicUrl}${CALLBACKS[kind]}?message=${encodeURIComponent(messageId)}`;
}
