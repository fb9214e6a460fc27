import type { Metadata } from 'next';
import { RestaurantGrid } from '@/components/restaurant-card';
import { type PageParameters, readPageParameters } from '@/lib/http/page-parameters';
import { searchRestaurants } from '@/lib/restaurants/search';

export const metadata: Metadata = { title: 'Search' };

export default async function SearchPage({ searchParams }: { searchParams: PageParameters }) {
  const { query = '' } = await readPageParameters(searchParams, 'query');
  const restaurants = await searchRestaurants(query);
  return (
    <>
      <h1>{query ? `“${query}”` : 'Search'}</h1>
      <form className="filters">
        <label className="wide">
          <span>Name, cuisine or city</span>
          <input type="search" name="query" defaultValue={query} />
        </label>
        <button type="submit">Search</button>
      </form>
      {restaurants.length > 0 ? (
        <RestaurantGrid restaurants={restaurants} heading="h2" />
      ) : (
        <p className="empty">
          {query ? 'No table by that name. Try one word less.' : 'Type a dish’s home, a name or a city.'}
        </p>
      )}
    </>
  );
}
