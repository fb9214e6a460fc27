import { posix, resolve } from 'node:path';
import { YumOpsError } from '../../../lib/errors.ts';
import type { FileColumn } from '../config.ts';
import { type BackupConnection, quoteIdentifier, splitName } from '../database.ts';

/** Files that rows of the database name, until they are found among the files that were backed up. */
export class ReferencedFiles {
  /** Values of rows that were not seen yet, by each form in which a file may answer to them. */
  readonly #open = new Map<string, Set<string>>();
  readonly #missing = new Set<string>();

  /**
   * @param values paths as the rows have them: absolute, relative to the configuration or to a source, or keys of a bucket
   * @param root the folder that relative paths count from
   */
  constructor(values: Iterable<string>, root: string) {
    for (const value of values) {
      this.#missing.add(value);
      for (const form of formsOf(value, root)) this.#open.set(form, (this.#open.get(form) ?? new Set()).add(value));
    }
  }

  /** A file of the backup: whoever names it has it. */
  tickOff(root: string, path: string): void {
    if (this.#missing.size === 0) return;
    for (const form of [path, `${root.replace(/\/$/, '')}/${path}`]) {
      for (const value of this.#open.get(form) ?? []) this.#missing.delete(value);
    }
  }

  /** What rows name and no source has. */
  get missing(): readonly string[] {
    return [...this.#missing];
  }

  /** @throws YumOpsError `backup_files_missing` unless every file was found */
  refuseMissing(): void {
    const { missing } = this;
    if (missing.length === 0) return;
    const some = missing.slice(0, 5).join(', ');
    const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
    throw new YumOpsError('backup_files_missing', `Rows name files that are not there: ${some}${more}.`, {
      hint: 'Add the folder or bucket that has them under files, or mend the rows.',
    });
  }
}

function inFolder(value: string, folder: string): string {
  return value.startsWith('/') || /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : posix.join(folder, value);
}

function formsOf(value: string, root: string): string[] {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return [value.replace(/[?#].*$/, '')];
  const plain = posix.normalize(value).replace(/^\.\//, '');
  return [plain, plain.replace(/^\//, ''), resolve(root, value)];
}

/** The values of all columns that name files, in the connection's snapshot. @throws YumOpsError `backup_file_column` */
export async function readFileColumns(connection: BackupConnection, columns: readonly FileColumn[]): Promise<string[]> {
  const values: string[] = [];
  for (const { table, column, folder } of columns) {
    const name = splitName(table)
      .map((part) => quoteIdentifier(part.name))
      .join('.');
    const found = await connection.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [name]);
    if (!found[0]?.there) {
      throw new YumOpsError('backup_file_column', `There is no table ${table}, whose column ${column} names files.`, {
        hint: 'Correct file_columns of the backup, or file_column of the maintenance.',
      });
    }
    const of = quoteIdentifier(column);
    const rows = await connection.query<{ value: string }>(
      `SELECT DISTINCT ${of}::text AS value FROM ${name} WHERE ${of} IS NOT NULL AND ${of}::text <> ''`,
    );
    for (const { value } of rows) values.push(folder === undefined ? value : inFolder(value, folder));
  }
  return values;
}
