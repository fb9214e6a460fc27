import {
  chmod,
  chown,
  copyFile,
  cp,
  lchown,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { codeOf, YumOpsError } from '../lib/errors.ts';
import { randomHex } from '../lib/random.ts';
import { homeRecord, SYSTEM_FOLDER, sizeOf } from './moved-data.ts';
import { canReach, type OsUser } from './os-user.ts';
import { recordScratch } from './scratch-record.ts';

/** In an engine's home: where its data really is, when its user cannot enter the home. */
const POINTER = 'data-location';

/**
 * The folder of an engine's data: `home/data`, unless the engine has a user of its own who cannot get there (below
 * a folder such as /root). Then it is a folder under /var/lib/yumops (or the temporary folder where that cannot be
 * written), and `home/data-location` names it. The folder exists afterwards, belongs to the user and is private.
 */
export async function placeData(home: string, user: OsUser | undefined): Promise<string> {
  await mkdir(home, { recursive: true, mode: user ? 0o711 : 0o700 });
  const recorded = await readPointer(home);
  if (recorded !== undefined) return ownFolder(recorded, user);
  const plain = await ownFolder(join(home, 'data'), user);
  if (!user) return plain;
  await chmod(home, 0o711);
  if (canReach(user, '-w', plain)) return plain;
  // A new name each time: a home that was deleted and made again must not find its old data.
  const moved = join(await systemFolder(), 'data', `${basename(dirname(home))}-${basename(home)}-${randomHex(4)}`);
  await openFolder(dirname(moved));
  await move(plain, moved);
  await writeFileAtomic(homeRecord(moved), `${resolve(home)}\n`);
  await writeFileAtomic(join(home, POINTER), `${moved}\n`);
  return ownFolder(moved, user);
}

/**
 * The folder `source` (programs and libraries) where `user` can read it: itself, or a copy under /var/lib/yumops,
 * made of hard links where the file system and the modes allow. @param key names the content, such as its version
 */
export async function placeRuntime(
  source: string,
  probe: string,
  key: string,
  user: OsUser | undefined,
): Promise<string> {
  if (!user || canReach(user, '-x', join(source, probe))) return source;
  const target = join(await systemFolder(), 'runtime', key);
  if (canReach(user, '-x', join(target, probe))) return target;
  const building = `${target}.${process.pid}`;
  await rm(building, { recursive: true, force: true });
  await openFolder(dirname(target));
  await copyReadable(source, building);
  try {
    await rename(building, target);
  } catch (error) {
    // Another platform may have been faster with the same content.
    await rm(building, { recursive: true, force: true });
    if (!canReach(user, '-x', join(target, probe))) throw error;
  }
  return target;
}

/** Fills `folder` with symbolic links, replacing what is there. @param links name in the folder → target */
export async function linkFolder(folder: string, links: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  for (const [name, target] of links) {
    await rm(join(folder, name), { force: true });
    await symlink(target, join(folder, name));
  }
}

/**
 * A new folder, beside `near` where the engine's user can enter, else in a folder of the system. It is recorded as this
 * process's own until `forget`, which is called when it was moved or removed.
 */
export async function placeScratch(
  near: string,
  user: OsUser | undefined,
): Promise<{ path: string; forget(): Promise<void> }> {
  const beside = join(dirname(near), `.${basename(near)}.${randomHex(4)}`);
  const record = await recordScratch(beside);
  await mkdir(dirname(near), { recursive: true });
  await ownFolder(beside, user);
  if (!user || canReach(user, '-w', beside)) return { path: beside, forget: record.forget };
  const elsewhere = join(await systemFolder(), 'data', `scratch-${randomHex(6)}`);
  const recorded = await recordScratch(elsewhere);
  await rm(beside, { recursive: true });
  await record.forget();
  await openFolder(dirname(elsewhere));
  return { path: await ownFolder(elsewhere, user), forget: recorded.forget };
}

/** Where the data of a home are when they are not in it; undefined = they are. */
export async function placedElsewhere(home: string): Promise<string | undefined> {
  const moved = await readPointer(home);
  return moved !== undefined && (await isOf(home, moved)) ? moved : undefined;
}

/** Whether we have said of data that they belong to a home: the engine may write into some, and its words are not believed. */
async function isOf(home: string, moved: string): Promise<boolean> {
  const record = homeRecord(moved);
  // What cannot be looked at was not said by us.
  const found = await lstat(record).catch(() => undefined);
  if (!found?.isFile() || found.uid !== process.getuid?.()) return false;
  return (await readFile(record, 'utf8')).trim() === resolve(home);
}

/** Bytes of the data of a home, wherever they are; 0 where there are none. */
export async function placedBytes(home: string): Promise<number> {
  return sizeOf((await placedElsewhere(home)) ?? join(home, 'data'));
}

/** Removes a home or another folder, and the data of it that are elsewhere. */
export async function removePlaced(home: string): Promise<void> {
  const moved = await placedElsewhere(home);
  if (moved !== undefined) {
    for (const path of [moved, `${moved}-lib`, homeRecord(moved)]) await rm(path, { recursive: true, force: true });
  }
  await rm(home, { recursive: true, force: true });
}

/** Moves a folder that nobody uses any more; an empty folder at the target gives way. */
export async function moveFolder(from: string, to: string): Promise<void> {
  // Renaming replaces an empty folder and refuses one that is not.
  await move(from, to);
}

/** Gives a folder and all that is in it to the engine's user. */
export async function handOverTo(user: OsUser | undefined, path: string): Promise<void> {
  if (user) await handOver(path, user);
}

async function readPointer(home: string): Promise<string | undefined> {
  try {
    return (await readFile(join(home, POINTER), 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** A folder put there by someone else, such as one copied back from a backup by root, changes hands as a whole. */
async function ownFolder(path: string, user: OsUser | undefined): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (user && (await stat(path)).uid !== user.uid) await handOver(path, user);
  return path;
}

async function handOver(path: string, user: OsUser): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) await handOver(inner, user);
    else await lchown(inner, user.uid, user.gid);
  }
  // Last, so that an interrupted walk is taken up again.
  await chown(path, user.uid, user.gid);
}

/** Moves a folder, to another file system where need be. It is empty, or filled while its user could still enter. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
    await cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    await rm(from, { recursive: true });
  }
}

async function systemFolder(): Promise<string> {
  try {
    return await openFolder(SYSTEM_FOLDER);
  } catch (error) {
    if (codeOf(error) !== 'EROFS' && codeOf(error) !== 'EACCES') throw error;
  }
  const fallback = await openFolder(join(tmpdir(), 'yumops'));
  // In a folder that everyone may write, someone else may have been there first.
  if ((await lstat(fallback)).uid === process.getuid?.()) return fallback;
  throw new YumOpsError('engine_placement', `${fallback} belongs to another user.`, {
    hint: `Make ${SYSTEM_FOLDER} writable, or put the data directory where the user of the engines can enter.`,
  });
}

/** A folder that everyone may pass through. */
async function openFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o755 });
  return path;
}

async function copyReadable(source: string, target: string): Promise<void> {
  await mkdir(target, { mode: 0o755 });
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = join(source, entry.name);
    const to = join(target, entry.name);
    if (entry.isDirectory()) await copyReadable(from, to);
    else await linkOrCopy(from, to);
  }
}

/** Links when everyone may read the file as it is: a changed mode would change the original too. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  const { mode } = await stat(from);
  const wanted = mode & 0o111 ? 0o755 : 0o644;
  if ((mode & wanted & 0o555) === (wanted & 0o555)) {
    try {
      await link(from, to);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EXDEV' && codeOf(error) !== 'EPERM') throw error;
    }
  }
  await copyFile(from, to);
  await chmod(to, wanted);
}
