import 'server-only';
import { randomUUID } from 'node:crypto';
import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { query } from '@/lib/database/pool';
import { Problem } from '@/lib/http/problem';
import { photoPath } from '@/lib/photos/folder';
import { recognisePhoto } from '@/lib/photos/recognise';

export const MAX_PHOTO_BYTES = 5 * 1024 * 1024;

/**
 * Stores a photo that is not attached to a restaurant yet; after a week it may be removed.
 * @returns the upload's id
 * @throws Problem 413 when it is too large, 415 when it is not a photo
 */
export async function uploadPhoto(userId: number, file: File): Promise<string> {
  if (file.size > MAX_PHOTO_BYTES) throw new Problem(413, 'photo_too_large', 'A photo may have at most 5 MB.');
  const bytes = Buffer.from(await file.arrayBuffer());
  const kind = recognisePhoto(bytes);
  if (!kind) throw new Problem(415, 'not_a_photo', 'Send a JPEG, PNG or WebP photo.');

  const id = randomUUID();
  const path = photoPath(`${id}.${kind.extension}`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes, { flag: 'wx' });
  try {
    await query('INSERT INTO temporary_uploads (id, user_id, path, content_type, bytes) VALUES ($1, $2, $3, $4, $5)', [
      id,
      userId,
      path,
      kind.contentType,
      bytes.length,
    ]);
  } catch (error) {
    await unlink(path);
    throw error;
  }
  return id;
}
