import { hashPassword } from '../../lib/accounts/password.mjs';
import { readSql } from './migrate.mjs';

/** Guests 1 to 40 can sign in; the others came by import and have no password. */
export const GUESTS = 40;
export const GUEST_PASSWORD = 'yumzoom-guest';

/** @param {number} n from 1 to `GUESTS` */
export const guestEmail = (n) => `guest${n}@yumzoom.example`;

/**
 * Fills an empty database with the demo town. Does nothing when there are restaurants already.
 * @param {import('pg').Client} client the owner of the schema
 * @param {string} file the seed's SQL
 * @returns {Promise<boolean>} whether it filled the database now
 */
export async function seed(client, file) {
  const { rows } = await client.query('SELECT EXISTS (SELECT FROM restaurants) AS filled');
  if (rows[0].filled) return false;

  // One password, known to everybody, needs one hash.
  const hash = await hashPassword(GUEST_PASSWORD);
  await client.query('BEGIN');
  await client.query(await readSql(file));
  await client.query('UPDATE user_profiles SET password_hash = $1 WHERE id <= $2', [hash, GUESTS]);
  await client.query('COMMIT');
  await client.query('ANALYZE');
  // The seed's own statements are no news.
  await client.query('SELECT pg_stat_statements_reset()');
  return true;
}
