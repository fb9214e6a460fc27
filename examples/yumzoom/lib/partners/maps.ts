import 'server-only';
import { config } from '@/lib/config';
import { callPartner } from '@/lib/partners/partner';

export interface Place {
  /** Degrees. */
  lat: number;
  lng: number;
}

/** The place of an address or city, or undefined when the map does not know it. */
export async function geocode(address: string): Promise<Place | undefined> {
  const { url, key } = config.partners.maps();
  const answer = await callPartner<{ results: Place[] }>({
    partner: 'google-maps',
    what: 'geocoding',
    url: `${url}/geocode?address=${encodeURIComponent(address)}`,
    key,
  });
  return answer.results[0];
}
