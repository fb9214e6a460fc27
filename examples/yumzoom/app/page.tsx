import Link from 'next/link';
import { CuisineArt } from '@/components/cuisine-art';
import { RestaurantGrid } from '@/components/restaurant-card';
import { listRestaurants } from '@/lib/restaurants/list';
import { CITIES, CUISINES } from '@/lib/restaurants/towns';

export default async function HomePage() {
  const best = await listRestaurants({ size: 8 });
  return (
    <>
      <section className="hero">
        <h1>
          Hungry? <span>YumZoom</span> knows a table.
        </h1>
        <p>Honest ratings of 6,000 restaurants in eight cities, from people who ate there.</p>
        <form action="/search" className="hero-search">
          <input
            type="search"
            className="hero-search-input"
            name="query"
            placeholder="What do you feel like?"
            aria-label="What do you feel like?"
          />
          <button type="submit">Find it</button>
        </form>
        <p className="chips">
          {CITIES.map((city) => (
            <Link
              key={city.name}
              className="chip"
              href={`/restaurants?city=${encodeURIComponent(city.name)}`}
              prefetch={false}
            >
              {city.name}
            </Link>
          ))}
        </p>
      </section>

      <section>
        <h2>Best of all cities</h2>
        <RestaurantGrid restaurants={best} heading="h3" />
      </section>

      <section>
        <h2>By appetite</h2>
        <ul className="cuisines">
          {CUISINES.map((cuisine) => (
            <li key={cuisine}>
              <Link className="cuisine" href={`/restaurants?cuisine=${cuisine}`} prefetch={false}>
                <CuisineArt cuisine={cuisine} className="art-small" />
                {cuisine}
              </Link>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
