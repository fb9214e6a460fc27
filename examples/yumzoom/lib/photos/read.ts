import 'server-only';
import { readFile } from 'node:fs/promises';
import { query } from '@/lib/database/pool';
import { photoPath } from '@/lib/photos/folder';

export interface StoredPhoto {
  bytes: Buffer;
  contentType: string;
}

/** The bytes of an attached photo, or of an upload for the guest who sent it. Undefined when there is none. */
export async function readPhoto(id: string, guestId: number | undefined): Promise<StoredPhoto | undefined> {
  const [photo] = await query<{ path: string; contentType: string }>(
    `SELECT path, content_type AS "contentType" FROM photos WHERE id = $1
     UNION ALL SELECT path, content_type FROM temporary_uploads WHERE id = $1 AND user_id = $2`,
    [id, guestId ?? null],
  );
  if (!photo) return undefined;
  const bytes = await readFile(photoPath(photo.path));
  return { bytes, contentType: photo.contentType };
}
