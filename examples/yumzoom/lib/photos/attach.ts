import 'server-only';
import { recordActivity } from '@/lib/accounts/activity';
import { transaction } from '@/lib/database/pool';
import { Problem } from '@/lib/http/problem';

/**
 * Turns a guest's upload into a photo of a restaurant.
 * @throws Problem 404 when the guest has no such upload or there is no such restaurant
 */
export async function attachPhoto(userId: number, uploadId: string, restaurantId: number): Promise<void> {
  await transaction(async (client) => {
    const taken = await client.query(
      'DELETE FROM temporary_uploads WHERE id = $1 AND user_id = $2 RETURNING path, content_type, bytes',
      [uploadId, userId],
    );
    const upload = taken.rows[0];
    if (!upload) throw new Problem(404, 'no_upload', 'This upload is not there any more. Send the photo again.');
    const stored = await client.query(
      `INSERT INTO photos (id, restaurant_id, user_id, path, content_type, bytes)
       SELECT $1, r.id, $3, $4, $5, $6 FROM restaurants r WHERE r.id = $2`,
      [uploadId, restaurantId, userId, upload.path, upload.content_type, upload.bytes],
    );
    if (stored.rowCount === 0) throw new Problem(404, 'no_restaurant', `There is no restaurant ${restaurantId}.`);
  });
  await recordActivity(userId, 'photo_attached', restaurantId);
}
