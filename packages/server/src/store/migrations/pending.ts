import { YumOpsError } from '../../lib/errors.ts';
import type { Migration } from './migration-files.ts';

/** A migration that a store says it has. */
export interface AppliedMigration {
  number: number;
  name: string;
  checksum: string;
}

/**
 * The migrations that a store lacks, in order.
 * @throws {YumOpsError} `schema_newer` when the store was made by a later release, `schema_changed` when a file is
 * not what was applied
 */
export function pendingMigrations(
  store: string,
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
): Migration[] {
  const byNumber = new Map(known.map((migration) => [migration.number, migration]));
  for (const { number, name, checksum } of applied) {
    const migration = byNumber.get(number);
    if (!migration) {
      throw new YumOpsError(
        'schema_newer',
        `The ${store} store has migration ${label(number, name)}, which this release does not know.`,
        {
          hint: 'Run the release that made this schema, or a later one.',
        },
      );
    }
    if (migration.checksum !== checksum) {
      throw new YumOpsError(
        'schema_changed',
        `Migration ${label(number, migration.name)} of the ${store} store differs from the one that was applied.`,
        {
          hint: 'Applied migrations never change: put the file back as it was and add a new one.',
        },
      );
    }
  }
  const have = new Set(applied.map(({ number }) => number));
  return known.filter(({ number }) => !have.has(number));
}

function label(number: number, name: string): string {
  return `${String(number).padStart(6, '0')}_${name}`;
}
