import {
  type BackupManifest,
  FORMAT_OF_PIECES,
  FORMAT_OF_VOLUMES,
  FORMAT_WITHOUT_PIECES,
  type ManifestObject,
} from '../manifest.ts';
import { compress, decompress } from '../object/blocks.ts';
import type { Repository } from '../repository.ts';
import type { EarlierVolumes } from './earlier-volumes.ts';
import { PIECES_PART } from './page-pieces.ts';

/** The part of a base backup that is the server's archive as it was sent. */
export const BASE = 'base.tar';

const VOLUME = /^(base\.tar|base\.pieces)(?:\.(\d+))?$/;

/** Whether a part is a volume of the archive. */
export const isVolume = (part: string) => VOLUME.test(part);

/** The oldest format of a manifest that says all that the objects of a base backup need. */
export function formatOfBase({ id, objects }: Pick<BackupManifest, 'id' | 'objects'>): BackupManifest['format'] {
  const volumes = objects.filter(({ part }) => isVolume(part));
  // Versions that know nothing of volumes take what stands in another folder for rubbish.
  if (volumes.length > 1 || volumes.some(({ path }) => !path.includes(`/objects/${id}/`))) return FORMAT_OF_VOLUMES;
  return volumes.some(({ part }) => part === PIECES_PART) ? FORMAT_OF_PIECES : FORMAT_WITHOUT_PIECES;
}

/** The volumes of an archive, in order. @param part `base.tar` or `base.pieces` */
export function volumesOf({ objects }: Pick<BackupManifest, 'objects'>, part: string): ManifestObject[] {
  const numberOf = (object: ManifestObject) => Number(VOLUME.exec(object.part)?.[2] ?? 0);
  return objects.filter((object) => VOLUME.exec(object.part)?.[1] === part).sort((a, b) => numberOf(a) - numberOf(b));
}

/** What volumes hold, one after the other. */
export async function* readVolumes(repository: Repository, volumes: readonly ManifestObject[]): AsyncGenerator<Buffer> {
  for (const volume of volumes) yield* decompress(repository.readObject(volume), volume.path);
}

/** Stands in a stream where a new volume begins. */
export const CUT = Symbol('cut');

export interface VolumesInput {
  repository: Repository;
  /** Of the backup. */
  id: string;
  lockedUntil: number | null;
  /** What runs that were cut off have stored. */
  earlier: EarlierVolumes;
  signal?: AbortSignal | undefined;
}

/**
 * Stores an archive in volumes, each compressed and sealed by itself, so that a later run can go on after the last of them. What an
 * earlier run had stored is taken in place of what would be the same.
 * @param part `base.tar` or `base.pieces`
 * @param source its pieces, each valid until the next
 */
export async function storeVolumes(
  input: VolumesInput,
  part: typeof BASE | typeof PIECES_PART,
  source: AsyncIterable<Buffer | typeof CUT>,
): Promise<ManifestObject[]> {
  const { repository, id, earlier, lockedUntil, signal } = input;
  const options = { ...(lockedUntil !== null && { lockUntil: lockedUntil }), ...(signal && { signal }) };
  const cut = new CutStream(source);
  const volumes: ManifestObject[] = [];
  try {
    do {
      const last = volumes.at(-1);
      if (last) await earlier.note(id, last);
      const name = last ? `${part}.${volumes.length}` : part;
      const path = repository.objectPath(id, name);
      volumes.push({ part: name, ...(await earlier.takeOrStore(path, compress(cut.volume()), options)) });
    } while (await cut.hasMore());
    return volumes;
  } finally {
    await cut.close();
  }
}

/** A stream that is read volume by volume. */
class CutStream {
  readonly #source: AsyncIterator<Buffer | typeof CUT>;
  #next: IteratorResult<Buffer | typeof CUT> | undefined;

  constructor(source: AsyncIterable<Buffer | typeof CUT>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async *volume(): AsyncGenerator<Buffer> {
    for (;;) {
      const { value, done } = this.#next ?? (await this.#source.next());
      this.#next = undefined;
      if (done || value === CUT) return;
      yield value;
    }
  }

  /** Whether anything follows the volume that has ended. */
  async hasMore(): Promise<boolean> {
    this.#next ??= await this.#source.next();
    return this.#next.done !== true;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
