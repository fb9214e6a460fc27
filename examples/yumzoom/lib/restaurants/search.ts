import 'server-only';
import { query } from '@/lib/database/pool';
import { RESTAURANT_COLUMNS, type Restaurant, restaurantsTable } from '@/lib/restaurants/restaurant';

/** Turns what people type into a full-text query: every word must begin a word of name, cuisine or city. */
export function toTextQuery(text: string): string {
  const words = text.normalize('NFC').match(/[\p{L}\p{N}]+/gu) ?? [];
  return words
    .slice(0, 8)
    .map((word) => `${word}:*`)
    .join(' & ');
}

/** Restaurants that match the words, the best-rated first. No words, no restaurants. */
export async function searchRestaurants(text: string, limit = 24): Promise<Restaurant[]> {
  const words = toTextQuery(text);
  if (words === '') return [];
  return query<Restaurant>(
    `SELECT ${RESTAURANT_COLUMNS} FROM ${restaurantsTable()}
     WHERE r.search @@ to_tsquery('simple', $1)
     ORDER BY r.average_rating DESC NULLS LAST, r.rating_count DESC, r.id
     LIMIT $2`,
    [words, limit],
  );
}
