import { faultIsOn } from '@/lib/faults/switchboard';

/** A restaurant as lists show it. */
export interface Restaurant {
  id: number;
  name: string;
  cuisine: string;
  city: string;
  address: string;
  description: string;
  priceLevel: number;
  /** 1 to 5, null before the first rating. */
  averageRating: number | null;
  ratingCount: number;
}

export const RESTAURANT_COLUMNS = `r.id, r.name, r.cuisine, r.city, r.address, r.description,
  r.price_level AS "priceLevel", r.average_rating::FLOAT AS "averageRating", r.rating_count AS "ratingCount"`;

/** The FROM item of every look at restaurants; the fault `slow_query` makes it 2.5 seconds slower. */
export const restaurantsTable = () =>
  faultIsOn('slow_query') ? '(SELECT s.* FROM pg_sleep(2.5), restaurants s) r' : 'restaurants r';
