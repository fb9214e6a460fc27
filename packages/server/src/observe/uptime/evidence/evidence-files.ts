import { createHash } from 'node:crypto';
import type { CheckFile } from '@yumops/protocol';
import { type BlobStore, readBlob } from '../../../lib/blob.ts';
import type { Clock } from '../../../lib/clock.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import { uuidv7 } from '../../../lib/random.ts';
import { timeOfUuid, tooMany } from './thin.ts';

export type CheckFileKind = CheckFile['kind'];

/** Keeps what a failed check recorded. */
export interface EvidenceKeeper {
  /** @throws {YumOpsError} when it cannot be kept, with the reason as a sentence */
  keep(monitorId: string, kind: CheckFileKind, bytes: Uint8Array): Promise<CheckFile>;
}

/** Pictures and recordings of failed checks, in the blob store that all instances share. */
export interface EvidenceFiles extends EvidenceKeeper {
  /** @throws {YumOpsError} `check_file_not_found` */
  read(name: string): Promise<{ kind: CheckFileKind; bytes: Buffer }>;
  /** Removes what was recorded before a time, milliseconds since the epoch. @returns how many files that were */
  expire(before: number): Promise<number>;
}

/** Most bytes of one file. */
export const MOST_BYTES = 24 * 1024 * 1024;

const ENDINGS: Record<CheckFileKind, string> = { screenshot: 'png', trace: 'zip' };
const NAME = /^([0-9a-f]{16})-([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})\.(png|zip)$/;
const FOLDER = 'journeys';
const STORE_MS = 20_000;

/** What such a file begins with. */
const BEGINNINGS: Record<CheckFileKind, Buffer> = {
  screenshot: Buffer.from([0x89, 0x50, 0x4e, 0x47]),
  trace: Buffer.from([0x50, 0x4b, 0x03, 0x04]),
};

/** @param open the store; asked for when the first file is kept or read */
export function createEvidenceFiles(open: () => Promise<BlobStore>, clock: Clock): EvidenceFiles {
  return {
    async keep(monitorId, kind, bytes) {
      refuse(kind, bytes);
      const blobs = await open();
      const folder = createHash('sha256').update(monitorId).digest('hex').slice(0, 16);
      const id = uuidv7(clock.now());
      const limit = new AbortController();
      const alarm = clock.after(STORE_MS, () =>
        limit.abort(new YumOpsError('blob_unavailable', `${blobs.address} did not answer within 20 s.`)),
      );
      try {
        await blobs.put(`${FOLDER}/${folder}/${id}.${ENDINGS[kind]}`, bytes, { signal: limit.signal });
      } finally {
        alarm.cancel();
      }
      await thin(blobs, folder);
      return { kind, name: `${folder}-${id}.${ENDINGS[kind]}`, bytes: bytes.length };
    },
    async read(name) {
      const [, folder, id, ending] = NAME.exec(name) ?? [];
      if (folder === undefined || id === undefined) throw notFound(name);
      const bytes = await readFrom(await open(), `${FOLDER}/${folder}/${id}.${ending}`, name);
      return { kind: ending === 'png' ? 'screenshot' : 'trace', bytes };
    },
    async expire(before) {
      const blobs = await open();
      const old: string[] = [];
      for await (const { path } of blobs.list(`${FOLDER}/`)) {
        if (timeOfUuid(idOf(path)) < before) old.push(path);
      }
      for (const path of old) await blobs.delete(path);
      return old.length;
    },
  };
}

/** Removes what is too much of one monitor; the picture and the recording of a failure have ids of their own. */
async function thin(blobs: BlobStore, folder: string): Promise<void> {
  for (const ending of Object.values(ENDINGS)) {
    const paths: string[] = [];
    for await (const { path } of blobs.list(`${FOLDER}/${folder}/`)) if (path.endsWith(ending)) paths.push(path);
    const gone = new Set(tooMany(paths.map(idOf)));
    for (const path of paths) if (gone.has(idOf(path))) await blobs.delete(path);
  }
}

function idOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('.'));
}

function refuse(kind: CheckFileKind, bytes: Uint8Array): void {
  if (bytes.length > MOST_BYTES) {
    throw new YumOpsError(
      'check_file_refused',
      `The ${kind} has ${Math.ceil(bytes.length / 1_048_576)} MB, more than 24.`,
      {
        status: 413,
      },
    );
  }
  if (!BEGINNINGS[kind].equals(bytes.subarray(0, 4))) {
    throw new YumOpsError('check_file_refused', `This is not a ${kind}.`, { status: 400 });
  }
}

async function readFrom(blobs: BlobStore, path: string, name: string): Promise<Buffer> {
  try {
    return await readBlob(blobs, path, MOST_BYTES);
  } catch (error) {
    if ((error as YumOpsError).code === 'blob_missing') throw notFound(name);
    throw error;
  }
}

function notFound(name: string): YumOpsError {
  return new YumOpsError('check_file_not_found', `There is no file "${name}" of a check.`, {
    hint: 'Files of failed checks are kept as long as checks are, and fewer of a monitor that fails all the time.',
    status: 404,
  });
}
