import 'server-only';
import { query } from '@/lib/database/pool';
import { RESTAURANT_COLUMNS, type Restaurant, restaurantsTable } from '@/lib/restaurants/restaurant';

export const PAGE_SIZE = 24;

/** Below this an average says more about two friends than about the food. */
const ENOUGH_RATINGS = 8;

/** The best-rated restaurants, optionally of one city or cuisine. `page` counts from 1. */
export function listRestaurants(filter: { city?: string; cuisine?: string; page?: number; size?: number }) {
  const size = filter.size ?? PAGE_SIZE;
  return query<Restaurant>(
    `SELECT ${RESTAURANT_COLUMNS} FROM ${restaurantsTable()}
     WHERE ($1::TEXT IS NULL OR r.city = $1) AND ($2::TEXT IS NULL OR r.cuisine = $2) AND r.rating_count >= $5
     ORDER BY r.average_rating DESC NULLS LAST, r.rating_count DESC, r.id
     LIMIT $3 OFFSET $4`,
    [filter.city ?? null, filter.cuisine ?? null, size, ((filter.page ?? 1) - 1) * size, ENOUGH_RATINGS],
  );
}
