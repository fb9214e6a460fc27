import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

/** As Postgres' own `scram_iterations`. */
const ITERATIONS = 4_096;

/**
 * What Postgres keeps of a password, in the form that `PASSWORD '…'` takes: the password itself is then in no
 * statement and in no log of the server.
 * @param salt 16 random bytes
 */
export function scramVerifier(password: string, salt: Buffer): string {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, ITERATIONS, 32, 'sha256');
  const key = (name: string) => createHmac('sha256', salted).update(name).digest();
  const stored = createHash('sha256').update(key('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${key('Server Key').toString('base64')}`;
}
