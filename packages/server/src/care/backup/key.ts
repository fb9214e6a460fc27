import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { YumOpsError } from '../../lib/errors.ts';

const KEY_BYTES = 32;
const LINE = /^yumops-backup-key:([0-9a-f]{16}):([A-Za-z0-9_-]{43})$/;

/** What a derived key is for. A key made for one purpose opens nothing of another. */
export type KeyPurpose = 'wrap' | 'manifest' | 'chunk';

/** A backup key. Only keys that are derived from it ever touch data. */
export class BackupKey {
  /** Fingerprint of the key, 16 hex digits; stands in everything that was sealed with it. */
  readonly id: string;
  readonly #bytes: Buffer;

  /** @param bytes 32 random bytes */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.id = createHmac('sha256', bytes).update('yumops backup key id').digest('hex').slice(0, 16);
  }

  static create(): BackupKey {
    return new BackupKey(randomBytes(KEY_BYTES));
  }

  /** A key of 32 bytes for one purpose (HKDF-SHA-256, RFC 5869). */
  derive(purpose: KeyPurpose, salt: Uint8Array = Buffer.alloc(0)): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#bytes, salt, `yumops backup ${purpose}`, KEY_BYTES));
  }

  /** The line of a key file. */
  toLine(): string {
    return `yumops-backup-key:${this.id}:${this.#bytes.toString('base64url')}`;
  }
}

/** The keys of a backup: new backups are sealed with the first, the others still open old ones. */
export class BackupKeys {
  readonly current: BackupKey;
  /** The current one first. */
  readonly all: readonly BackupKey[];
  readonly #byId: ReadonlyMap<string, BackupKey>;

  /** @param keys at least one */
  constructor(keys: readonly BackupKey[]) {
    this.current = keys[0] as BackupKey;
    this.all = keys;
    this.#byId = new Map(keys.map((key) => [key.id, key]));
  }

  /**
   * The key of this fingerprint.
   * @param what what was sealed with it, for the message
   * @throws YumOpsError `backup_key_wrong` when it is not among the keys
   */
  open(id: string, what: string): BackupKey {
    const key = this.#byId.get(id);
    if (key) return key;
    const ours = [...this.#byId.keys()].join(', ');
    throw new YumOpsError('backup_key_wrong', `${what} is sealed with the key ${id}; the key file has ${ours}.`, {
      hint: 'Give the key file that was in use when the backup was made; old keys stay below the new one in the file.',
      status: 409,
    });
  }
}

/**
 * Reads a key file: one key a line, the current one first; empty lines and lines with `#` are ignored.
 * @throws YumOpsError `backup_key_damaged`
 */
export function readBackupKeys(text: string): BackupKeys {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const keys = lines.map((line, index) => {
    const [, id, body] = LINE.exec(line) ?? [];
    const key = body === undefined ? undefined : new BackupKey(Buffer.from(body, 'base64url'));
    if (key !== undefined && key.id === id) return key;
    throw damagedKey(`line ${index + 1} is not a backup key, or was mistyped`);
  });
  if (keys.length === 0) throw damagedKey('it is empty');
  return new BackupKeys(keys);
}

function damagedKey(why: string): YumOpsError {
  return new YumOpsError('backup_key_damaged', `The backup key cannot be used: ${why}.`, {
    hint: 'A key is one line: yumops-backup-key:ID:TEXT. Make one with `yumops backup key create FILE`.',
    status: 400,
  });
}
