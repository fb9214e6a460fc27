import { api } from '@/lib/http/api';
import { Problem } from '@/lib/http/problem';
import { searchRestaurants } from '@/lib/restaurants/search';

export const GET = api(async (request) => {
  const query = request.nextUrl.searchParams.get('query');
  if (query === null) throw new Problem(400, 'bad_field', '"query" is missing.');
  return Response.json({ query, restaurants: await searchRestaurants(query) });
});
