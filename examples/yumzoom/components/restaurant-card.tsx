import Link from 'next/link';
import { CuisineArt } from '@/components/cuisine-art';
import { Stars } from '@/components/stars';
import type { Restaurant } from '@/lib/restaurants/restaurant';

type CardRestaurant = Omit<Restaurant, 'description'>;

interface GridProps {
  restaurants: (CardRestaurant & { awayKm?: number })[];
  /** Of the restaurants' names: one below the heading that the grid stands under. */
  heading: 'h2' | 'h3';
}

export function RestaurantGrid({ restaurants, heading }: GridProps) {
  return (
    <ul className="grid">
      {restaurants.map((restaurant) => (
        <RestaurantCard key={restaurant.id} restaurant={restaurant} awayKm={restaurant.awayKm} Heading={heading} />
      ))}
    </ul>
  );
}

interface CardProps {
  restaurant: CardRestaurant;
  awayKm: number | undefined;
  Heading: 'h2' | 'h3';
}

function RestaurantCard({ restaurant, awayKm, Heading }: CardProps) {
  const { id, name, cuisine, city, address, priceLevel, averageRating, ratingCount } = restaurant;
  return (
    <li>
      <Link href={`/restaurants/${id}`} className="card" prefetch={false}>
        <CuisineArt cuisine={cuisine} seed={id} />
        <div className="card-body">
          <Heading className="card-name">{name}</Heading>
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
