import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { YumOpsError } from './errors.ts';

const NONCE = 12;
const TAG = 16;

/** Seals texts at rest with the key of the installation (AES-256-GCM). */
export interface Seal {
  /** @param about what the text belongs to; it opens only there */
  close(text: string, about: string): Buffer;
  /** @throws {YumOpsError} `seal_broken` when the key is another, or what is sealed was changed or moved */
  open(sealed: Buffer, about: string): string;
}

/**
 * @param secretKey the key of the installation
 * @param purpose texts of one purpose cannot be taken for those of another
 */
export function createSeal(secretKey: string, purpose: string): Seal {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', `yumops ${purpose}`, 32));
  return {
    close(text, about) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about));
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, about) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE)).setAAD(Buffer.from(about));
        decipher.setAuthTag(sealed.subarray(-TAG));
        return decipher.update(sealed.subarray(NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8');
      } catch (cause) {
        throw new YumOpsError('seal_broken', `What is stored of ${about} cannot be opened with this secret key.`, {
          hint: 'Start with the YUMOPS_SECRET_KEY, or the key file, that it was stored with.',
          cause,
        });
      }
    },
  };
}
