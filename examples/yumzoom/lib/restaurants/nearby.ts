import 'server-only';
import { query } from '@/lib/database/pool';
import { faultIsOn } from '@/lib/faults/switchboard';
import type { Restaurant } from '@/lib/restaurants/restaurant';

export interface NearbyRestaurant extends Omit<Restaurant, 'description'> {
  awayKm: number;
}

/** Restaurants around a place, the nearest first. Degrees and kilometres. */
export function nearbyRestaurants(lat: number, lng: number, distanceKm = 3, limit = 24) {
  const slowly = faultIsOn('slow_query') ? 'pg_sleep(2.5), ' : '';
  return query<NearbyRestaurant>(
    `SELECT n.id, n.name, n.cuisine, n.city, n.address, n.price_level AS "priceLevel",
            n.average_rating::FLOAT AS "averageRating", n.rating_count AS "ratingCount", n.away_km AS "awayKm"
     FROM ${slowly}nearby_restaurants_optimized($1, $2, $3, $4) n`,
    [lat, lng, distanceKm, limit],
  );
}
