import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * The value of `x-yumops-signature`: `t=<seconds>,v1=<hex>`, where v1 is HMAC-SHA256 of `<seconds>.<body>`.
 * @param at ms since the epoch
 */
export function sign(secret: string, body: string, at: number): string {
  const seconds = Math.floor(at / 1_000);
  return `t=${seconds},v1=${mac(secret, `${seconds}.${body}`).toString('hex')}`;
}

/** Whether a signature is right and not older or newer than `toleranceMs`. For receivers, and our own tests. */
export function verify(secret: string, body: string, header: string, now: number, toleranceMs = 300_000): boolean {
  const match = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header);
  if (!match) return false;
  const [, seconds, signature] = match as unknown as [string, string, string];
  if (Math.abs(now - Number(seconds) * 1_000) > toleranceMs) return false;
  return timingSafeEqual(mac(secret, `${seconds}.${body}`), Buffer.from(signature, 'hex'));
}

function mac(secret: string, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}
