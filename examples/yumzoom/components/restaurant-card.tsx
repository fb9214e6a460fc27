import Link from 'next/link';
import { CuisineArt } from '@/components/cuisine-art';
import { Stars } from '@/components/stars';
import type { Restaurant } from '@/lib/restaurants/restaurant';

type CardRestaurant = Omit<Restaurant, 'description'>;

/** A restaurant in a grid. */
export function RestaurantCard({ restaurant, awayKm }: { restaurant: CardRestaurant; awayKm?: number }) {
  const { id, name, cuisine, city, address, priceLevel, averageRating, ratingCount } = restaurant;
  return (
    <li>
      <Link href={`/restaurants/${id}`} className="card" prefetch={false}>
        <CuisineArt cuisine={cuisine} seed={id} />
        <div className="card-body">
          <h3>{name}</h3>
          <p className="card-facts">
            {cuisine} · <Price level={priceLevel} /> · {awayKm === undefined ? city : formatDistance(awayKm)}
          </p>
          <p className="card-score">
            {averageRating === null ? (
              'No ratings yet'
            ) : (
              <>
                <Stars score={averageRating} /> <strong>{averageRating.toFixed(1)}</strong>{' '}
                <span className="quiet">({ratingCount})</span>
              </>
            )}
          </p>
          <p className="quiet card-address">{address}</p>
        </div>
      </Link>
    </li>
  );
}

export function RestaurantGrid({ restaurants }: { restaurants: (CardRestaurant & { awayKm?: number })[] }) {
  return (
    <ul className="grid">
      {restaurants.map((restaurant) => (
        <RestaurantCard key={restaurant.id} restaurant={restaurant} awayKm={restaurant.awayKm} />
      ))}
    </ul>
  );
}

/** `$$` of four. */
export function Price({ level }: { level: number }) {
  return (
    <span role="img" aria-label={`Price level ${level} of 4`}>
      {'$'.repeat(level)}
    </span>
  );
}

function formatDistance(km: number): string {
  return km < 1 ? `${Math.round(km * 100) * 10} m` : `${km.toFixed(1)} km`;
}
