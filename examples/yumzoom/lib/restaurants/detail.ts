import 'server-only';
import { query } from '@/lib/database/pool';
import { RESTAURANT_COLUMNS, type Restaurant, restaurantsTable } from '@/lib/restaurants/restaurant';

export interface Dish {
  id: number;
  course: 'starter' | 'main' | 'dessert' | 'drink';
  name: string;
  priceCents: number;
}

export interface Rating {
  id: string;
  author: string;
  score: number;
  comment: string;
  createdAt: Date;
}

export interface RestaurantDetail extends Restaurant {
  openedOn: Date;
  dishes: Dish[];
  /** The newest first. */
  ratings: Rating[];
  /** Number of ratings for 1, 2, 3, 4 and 5 points. */
  shares: number[];
  photoIds: string[];
}

/** A restaurant with its menu, newest ratings and photos, or undefined when there is none with that number. */
export async function readRestaurant(id: number): Promise<RestaurantDetail | undefined> {
  const [restaurant] = await query<Restaurant & { openedOn: Date }>(
    `SELECT ${RESTAURANT_COLUMNS}, r.opened_on AS "openedOn" FROM ${restaurantsTable()} WHERE r.id = $1`,
    [id],
  );
  if (!restaurant) return undefined;

  const [dishes, ratings, shares, photos] = await Promise.all([
    query<Dish>(
      'SELECT id, course, name, price_cents AS "priceCents" FROM menu_items WHERE restaurant_id = $1 ORDER BY id',
      [id],
    ),
    query<Rating>(
      `SELECT t.id, u.display_name AS author, t.score, t.comment, t.created_at AS "createdAt"
       FROM ratings t JOIN user_profiles u ON u.id = t.user_id
       WHERE t.restaurant_id = $1 ORDER BY t.created_at DESC LIMIT 8`,
      [id],
    ),
    query<{ score: number; number: number }>(
      'SELECT score, count(*)::INTEGER AS number FROM ratings WHERE restaurant_id = $1 GROUP BY score',
      [id],
    ),
    query<{ id: string }>('SELECT id FROM photos WHERE restaurant_id = $1 ORDER BY created_at DESC LIMIT 6', [id]),
  ]);
  return {
    ...restaurant,
    dishes,
    ratings,
    shares: [1, 2, 3, 4, 5].map((score) => shares.find((share) => share.score === score)?.number ?? 0),
    photoIds: photos.map((photo) => photo.id),
  };
}
