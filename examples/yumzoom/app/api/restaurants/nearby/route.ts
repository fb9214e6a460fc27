import { api } from '@/lib/http/api';
import { numberParameter } from '@/lib/http/number-parameter';
import { trackPerformance } from '@/lib/monitoring/sentry-config';
import { nearbyRestaurants } from '@/lib/restaurants/nearby';

export const GET = api(async (request) => {
  const parameters = request.nextUrl.searchParams;
  const place = [
    numberParameter(parameters, 'lat', { min: -90, max: 90 }),
    numberParameter(parameters, 'lng', { min: -180, max: 180 }),
    numberParameter(parameters, 'distance_km', { min: 0.1, max: 50, fallback: 3 }),
    numberParameter(parameters, 'limit', { min: 1, max: 100, fallback: 24 }),
  ] as const;
  const restaurants = await trackPerformance('nearby search', () => nearbyRestaurants(...place));
  return Response.json({ restaurants });
});
