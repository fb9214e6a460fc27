import 'server-only';
import { query } from '@/lib/database/pool';

export type Activity = 'signed_in' | 'restaurant_rating' | 'order_placed' | 'user_registration' | 'photo_attached';

/** Notes what a guest did, for their dashboard and the daily roll-up. Kept for 90 days. */
export async function recordActivity(userId: number, activity: Activity, restaurantId?: number): Promise<void> {
  await query('INSERT INTO user_activity (user_id, activity, restaurant_id) VALUES ($1, $2, $3)', [
    userId,
    activity,
    restaurantId ?? null,
  ]);
}
