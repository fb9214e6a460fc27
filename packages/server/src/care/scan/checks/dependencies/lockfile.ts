import { parse } from 'yaml';
import { YumOpsError } from '../../../../lib/errors.ts';

/** Packages that an application installs. */
export interface Installed {
  name: string;
  version: string;
  /** Only there while developing. */
  dev: boolean;
}

interface NpmEntry {
  name?: string;
  version?: string;
  dev?: boolean;
  devOptional?: boolean;
  link?: boolean;
  resolved?: string;
}

/**
 * The packages of a lockfile: package-lock.json or npm-shrinkwrap.json of version 2 and 3, pnpm-lock.yaml of version 6 and 9.
 * Packages that come from elsewhere than a registry are left out: no registry knows of them.
 * @throws YumOpsError `lockfile_unknown`, `lockfile_broken`
 */
export function readLockfile(path: string, text: string): Installed[] {
  if (/\.json$/.test(path)) return readNpm(path, text);
  if (/pnpm-lock\.ya?ml$/.test(path)) return readPnpm(path, text);
  throw new YumOpsError('lockfile_unknown', `${path} is of a kind that is not read.`, {
    hint: 'Name a package-lock.json (version 2 or 3) or a pnpm-lock.yaml; `npm install --package-lock-only` makes one beside a yarn.lock.',
  });
}

function broken(path: string, why: string): YumOpsError {
  return new YumOpsError('lockfile_broken', `${path} cannot be read: ${why}.`, {
    hint: 'Make it anew with `npm install --package-lock-only`.',
  });
}

function readNpm(path: string, text: string): Installed[] {
  let lock: { lockfileVersion?: unknown; packages?: Record<string, NpmEntry> };
  try {
    lock = JSON.parse(text) as typeof lock;
  } catch (error) {
    throw broken(path, (error as Error).message);
  }
  const { lockfileVersion: version, packages } = lock;
  if ((version !== 2 && version !== 3) || typeof packages !== 'object' || packages === null) {
    throw broken(path, `its version is ${JSON.stringify(version) ?? 'not said'}, and 2 and 3 are read`);
  }
  return unique(
    Object.entries(packages).flatMap(([place, entry]) => {
      const at = place.lastIndexOf('node_modules/');
      // The application itself and its workspaces stand at places of their own.
      if (at === -1 || entry.link || entry.version === undefined || !isOfRegistry(entry.resolved)) return [];
      const name = entry.name ?? place.slice(at + 'node_modules/'.length);
      return [{ name, version: entry.version, dev: entry.dev === true || entry.devOptional === true }];
    }),
  );
}

function isOfRegistry(resolved: string | undefined): boolean {
  return resolved === undefined || /^https?:/.test(resolved);
}

interface PnpmLock {
  lockfileVersion?: unknown;
  packages?: Record<string, { dev?: boolean } | null>;
}

function readPnpm(path: string, text: string): Installed[] {
  let lock: PnpmLock | null;
  try {
    lock = parse(text) as PnpmLock | null;
  } catch (error) {
    throw broken(path, (error as Error).message);
  }
  const version = Number.parseFloat(String(lock?.lockfileVersion ?? ''));
  if (!(version >= 6))
    throw broken(path, `its version is ${lock?.lockfileVersion ?? 'not said'}, and 6 and later are read`);
  return unique(
    Object.entries(lock?.packages ?? {}).flatMap(([key, entry]) => {
      // `/@scope/name@1.2.3(peer@4.5.6)`; what has an address in place of the version comes from no registry.
      const [, name, own] = /^\/?(@?[^@(]+)@(\d[^(]*)/.exec(key) ?? [];
      return name === undefined || own === undefined ? [] : [{ name, version: own, dev: entry?.dev === true }];
    }),
  );
}

/** A package that is needed in production as well is not one for development alone. */
function unique(packages: readonly Installed[]): Installed[] {
  const known = new Map<string, Installed>();
  for (const item of packages) {
    const key = `${item.name}@${item.version}`;
    const old = known.get(key);
    known.set(key, old === undefined ? item : { ...old, dev: old.dev && item.dev });
  }
  return [...known.values()];
}
