import type { Metadata } from 'next';
import { RestaurantGrid } from '@/components/restaurant-card';
import { type PageParameters, readPageParameters } from '@/lib/http/page-parameters';
import { logger } from '@/lib/logging/logger';
import { geocode, type Place } from '@/lib/partners/maps';
import { PartnerError } from '@/lib/partners/partner';
import { nearbyRestaurants } from '@/lib/restaurants/nearby';
import { CITIES } from '@/lib/restaurants/towns';

export const metadata: Metadata = { title: 'Near you' };

const DISTANCES_KM = [1, 3, 8];

export default async function NearbyPage({ searchParams }: { searchParams: PageParameters }) {
  const { address, distance } = await readPageParameters(searchParams, 'address', 'distance');
  const distanceKm = DISTANCES_KM.find((km) => String(km) === distance) ?? 3;
  const located = await locate(address ?? CITIES[0].name);
  const restaurants = located.place ? await nearbyRestaurants(located.place.lat, located.place.lng, distanceKm) : [];
  return (
    <>
      <h1>Near {address ?? CITIES[0].name}</h1>
      <form className="filters">
        <label className="wide">
          <span>Address or city</span>
          <input name="address" defaultValue={address ?? CITIES[0].name} />
        </label>
        <label>
          <span>Within</span>
          <select name="distance" defaultValue={distanceKm}>
            {DISTANCES_KM.map((km) => (
              <option key={km} value={km}>
                {km} km
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Look around</button>
      </form>
      {restaurants.length > 0 ? (
        <RestaurantGrid restaurants={restaurants} heading="h2" />
      ) : (
        <p className="empty">{located.reason}</p>
      )}
    </>
  );
}

/** Where an address is; without the map's help at least the cities are known. */
async function locate(address: string): Promise<{ place: Place | undefined; reason: string }> {
  try {
    return { place: await geocode(address), reason: `Nobody serves food near “${address}” yet. Try a city.` };
  } catch (error) {
    if (!(error instanceof PartnerError)) throw error;
    logger.warn('An address was not located', { error });
    const city = CITIES.find(({ name }) => name.toLowerCase() === address.toLowerCase());
    return { place: city, reason: 'The map is out of reach right now. Try the name of a city.' };
  }
}
