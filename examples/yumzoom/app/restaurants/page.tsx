import type { Metadata } from 'next';
import Link from 'next/link';
import { RestaurantGrid } from '@/components/restaurant-card';
import { type PageParameters, readPageParameters } from '@/lib/http/page-parameters';
import { listRestaurants, PAGE_SIZE } from '@/lib/restaurants/list';
import { CITIES, CUISINES } from '@/lib/restaurants/towns';

export const metadata: Metadata = { title: 'Restaurants' };

export default async function RestaurantsPage({ searchParams }: { searchParams: PageParameters }) {
  const { city, cuisine, page: pageText } = await readPageParameters(searchParams, 'city', 'cuisine', 'page');
  const page = Math.min(Math.max(Math.trunc(Number(pageText)) || 1, 1), 500);
  const restaurants = await listRestaurants({ city, cuisine, page });
  const link = (change: Record<string, string>) =>
    `/restaurants?${new URLSearchParams({ ...(city && { city }), ...(cuisine && { cuisine }), ...change })}`;

  return (
    <>
      <h1>{[cuisine ?? 'Restaurants', city && `in ${city}`].filter(Boolean).join(' ')}</h1>
      <form className="filters">
        <Choice name="city" label="City" any="All cities" value={city} options={CITIES.map(({ name }) => name)} />
        <Choice name="cuisine" label="Cuisine" any="All cuisines" value={cuisine} options={CUISINES} />
        <button type="submit">Show</button>
      </form>
      {restaurants.length === 0 ? (
        <p className="empty">Nothing here. Try another city or cuisine.</p>
      ) : (
        <RestaurantGrid restaurants={restaurants} heading="h2" />
      )}
      <nav className="pages" aria-label="Pages">
        {page > 1 && (
          <Link href={link({ page: String(page - 1) })} prefetch={false}>
            ← Better
          </Link>
        )}
        <span>Page {page}</span>
        {restaurants.length === PAGE_SIZE && (
          <Link href={link({ page: String(page + 1) })} prefetch={false}>
            More →
          </Link>
        )}
      </nav>
    </>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  any: string;
  value: string | undefined;
  options: readonly string[];
}

function Choice({ name, label, any, value, options }: ChoiceProps) {
  return (
    <label>
      <span>{label}</span>
      <select name={name} defaultValue={value ?? ''}>
        <option value="">{any}</option>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </label>
  );
}
