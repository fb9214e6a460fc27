import 'server-only';
import { query } from '@/lib/database/pool';

export interface GivenRating {
  restaurantId: number;
  restaurant: string;
  cuisine: string;
  score: number;
  comment: string;
  createdAt: Date;
}

export interface PlacedOrder {
  id: string;
  restaurantId: number;
  restaurant: string;
  dish: string;
  quantity: number;
  totalCents: number;
  createdAt: Date;
}

/** What a guest rated and ordered lately, the newest first, with the totals. */
export async function readHistory(userId: number) {
  const [ratings, orders, totals] = await Promise.all([
    query<GivenRating>(
      `SELECT r.id AS "restaurantId", r.name AS restaurant, r.cuisine, t.score, t.comment, t.created_at AS "createdAt"
       FROM ratings t JOIN restaurants r ON r.id = t.restaurant_id
       WHERE t.user_id = $1 ORDER BY t.created_at DESC LIMIT 6`,
      [userId],
    ),
    query<PlacedOrder>(
      `SELECT o.id, r.id AS "restaurantId", r.name AS restaurant, m.name AS dish, o.quantity,
              o.total_cents AS "totalCents", o.created_at AS "createdAt"
       FROM orders o JOIN restaurants r ON r.id = o.restaurant_id JOIN menu_items m ON m.id = o.menu_item_id
       WHERE o.user_id = $1 ORDER BY o.created_at DESC LIMIT 6`,
      [userId],
    ),
    query<{ ratings: number; orders: number; average: number | null }>(
      `SELECT (SELECT count(*)::INTEGER FROM ratings WHERE user_id = $1) AS ratings,
              (SELECT count(*)::INTEGER FROM orders WHERE user_id = $1) AS orders,
              (SELECT avg(score)::FLOAT FROM ratings WHERE user_id = $1) AS average`,
      [userId],
    ),
  ]);
  return { ratings, orders, totals: totals[0] ?? { ratings: 0, orders: 0, average: null } };
}
