import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { ClientPrograms } from '../../care/backup/index.ts';
import { YumOpsError } from '../../lib/errors.ts';

const run = promisify(execFile);

/** Programs of one version and where they are. */
export interface FoundPrograms extends ClientPrograms {
  folder: string;
}

/** Where packages put versions that are not in the search path; `*` is the version. */
const PLACES: [string, string][] = [
  ['/usr/lib/postgresql', 'bin'],
  ['/usr/pgsql', 'bin'],
  ['/opt/homebrew/opt', 'bin'],
  ['/usr/local/opt', 'bin'],
  ['/Applications/Postgres.app/Contents/Versions', 'bin'],
];

function candidateFolders(path: string): string[] {
  const packaged = PLACES.flatMap(([parent, below]) => {
    const [folder, prefix] = parent === '/usr/pgsql' ? ['/usr', 'pgsql-'] : [parent, ''];
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.startsWith(prefix) && /^(pgsql-|postgresql@|libpq|\d)/.test(name))
      .map((name) => join(folder, name, below));
  });
  const folders = [...packaged, ...path.split(delimiter)].filter((folder) => folder !== '');
  return [...new Set(folders)].filter((folder) =>
    ['pg_dump', 'pg_restore'].every((name) => existsSync(join(folder, name))),
  );
}

/** The versions of `pg_dump` and `pg_restore` that this machine has. @param path the search path */
export async function findPrograms(path: string): Promise<FoundPrograms[]> {
  const found = await Promise.all(
    candidateFolders(path).map(async (folder) => {
      try {
        const { stdout } = await run(join(folder, 'pg_dump'), ['--version'], { timeout: 10_000 });
        const version = /\(PostgreSQL\) (\d+)(\S*)/.exec(stdout);
        return version ? [{ folder, major: Number(version[1]), version: `${version[1]}${version[2]}` }] : [];
      } catch {
        // A wrapper whose real programs are gone is as good as none.
        return [];
      }
    }),
  );
  return found.flat();
}

/**
 * The programs that fit a server: the oldest major that is not older.
 * @throws YumOpsError `postgres_client_missing`
 */
export function choosePrograms(found: readonly FoundPrograms[], major: number): FoundPrograms {
  const [best] = found.filter((programs) => programs.major >= major).sort((a, b) => a.major - b.major);
  if (best) return best;
  const have =
    found.length === 0
      ? 'there is none here'
      : `here is ${[...new Set(found.map(({ version }) => version))].join(', ')}`;
  throw new YumOpsError(
    'postgres_client_missing',
    `A server of PostgreSQL ${major} needs pg_dump ${major} or newer; ${have}.`,
    { hint: `Install the package postgresql-client-${major}. The physical tier does without it.`, status: 409 },
  );
}
