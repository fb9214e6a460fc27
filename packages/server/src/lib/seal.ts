import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { YumOpsError } from './errors.ts';
import { type Keyring, keysOf } from './keyring.ts';

const NONCE = 12;
const TAG = 16;

/** Under which key a sealed text stands; `unreadable` = under none of the ring, or it was changed or moved. */
export type Standing = 'current' | 'previous' | 'unreadable';

/** Seals texts at rest with the key of the installation (AES-256-GCM). */
export interface Seal {
  /** @param about what the text belongs to; it opens only there */
  close(text: string, about: string): Buffer;
  /** @throws {YumOpsError} `seal_broken` when the key is another, or what is sealed was changed or moved */
  open(sealed: Buffer, about: string): string;
  standingOf(sealed: Buffer, about: string): Standing;
}

/**
 * @param ring the keys of the installation; it closes with the current one and opens with any
 * @param purpose texts of one purpose cannot be taken for those of another
 */
export function createSeal(ring: Keyring, purpose: string): Seal {
  const keys = keysOf(ring).map((key) => Buffer.from(hkdfSync('sha256', key, '', `yumops ${purpose}`, 32)));
  const openWith = (key: Buffer, sealed: Buffer, about: string) => {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE)).setAAD(Buffer.from(about));
    decipher.setAuthTag(sealed.subarray(-TAG));
    return decipher.update(sealed.subarray(NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8');
  };
  const opener = (sealed: Buffer, about: string): { index: number; text: string } => {
    let cause: unknown;
    for (const [index, key] of keys.entries()) {
      try {
        return { index, text: openWith(key, sealed, about) };
      } catch (error) {
        cause = error;
      }
    }
    throw new YumOpsError('seal_broken', `What is stored of ${about} cannot be opened with this secret key.`, {
      hint: 'Start with the YUMOPS_SECRET_KEY, or the key file, that it was stored with, or name that key in YUMOPS_SECRET_KEY_PREVIOUS.',
      cause,
    });
  };
  return {
    close(text, about) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', keys[0] as Buffer, nonce).setAAD(Buffer.from(about));
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    open: (sealed, about) => opener(sealed, about).text,
    standingOf(sealed, about) {
      try {
        return opener(sealed, about).index === 0 ? 'current' : 'previous';
      } catch {
        return 'unreadable';
      }
    },
  };
}
