/** Bytes of a volume, about; a run that is cut off loses one at most. */
const LEAST_BYTES = 128 * 2 ** 20;
const MOST_BYTES = 2 ** 30;
/** About as many volumes: a manifest names each. */
const VOLUMES = 256;

/**
 * Bytes of the volumes of an archive: a power of two, so that it is the same for a later run though the server grew a little.
 * @param expected bytes of the archive, about
 */
export function volumeBytesOf(expected: number): number {
  let bytes = LEAST_BYTES;
  while (bytes < MOST_BYTES && bytes * VOLUMES < expected) bytes *= 2;
  return bytes;
}

/**
 * Decides where the archive of a base backup is cut into volumes. Large files are cut at the same places each time, and the end of
 * one is a cut where it can be: what was stored of a file is the same again for a later run, though files before it grew.
 */
export class VolumeCutter {
  readonly #bytes: number;
  /** Bytes stored in the volume. */
  #stored = 0;
  /** Bytes of the entry that have passed, its header included. */
  #entry = 0;

  /** @param bytes of a volume: it has half as many at least, and half more at most */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Bytes of the entry that may pass until it must be asked again. */
  get room(): number {
    return this.#bytes - (this.#entry % this.#bytes);
  }

  /**
   * @param read bytes of the server's archive that have passed; at most `room`, and not beyond the end of an entry
   * @param stored what they became in the volume
   * @param isBetween whether an entry ended with them
   * @returns whether a new volume begins now
   */
  passed(read: number, stored: number, isBetween: boolean): boolean {
    this.#stored += stored;
    this.#entry = isBetween ? 0 : this.#entry + read;
    const isPlace = isBetween || this.#entry % this.#bytes === 0;
    if (!isPlace || this.#stored < (isBetween ? this.#bytes / 2 : this.#bytes)) return false;
    this.#stored = 0;
    return true;
  }
}
