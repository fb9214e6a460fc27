import 'server-only';
import { recordActivity } from '@/lib/accounts/activity';
import { query } from '@/lib/database/pool';
import { Problem } from '@/lib/http/problem';
import { logger } from '@/lib/logging/logger';

export interface RatingInput {
  restaurantId: number;
  /** 1 to 5. */
  score: number;
  comment: string;
}

/**
 * Stores a guest's rating of a restaurant; a second one replaces the first.
 * @throws Problem 404 when there is no such restaurant
 */
export async function submitRating(userId: number, { restaurantId, score, comment }: RatingInput): Promise<void> {
  const [stored] = await query<{ id: string }>(
    `INSERT INTO ratings (restaurant_id, user_id, score, comment)
     SELECT r.id, $2, $3, $4 FROM restaurants r WHERE r.id = $1
     ON CONFLICT (restaurant_id, user_id)
     DO UPDATE SET score = excluded.score, comment = excluded.comment, created_at = now()
     RETURNING id`,
    [restaurantId, userId, score, comment],
  );
  if (!stored) throw new Problem(404, 'no_restaurant', `There is no restaurant ${restaurantId}.`);
  await recordActivity(userId, 'restaurant_rating', restaurantId);
  logger.businessEvent('restaurant_rating', { restaurantId, score });
}
