import 'server-only';
import { type Health, health } from '@yumops/node/health';
import { config } from '@/lib/config';
import { pool } from '@/lib/database/pool';
import { once } from '@/lib/once';

const NEAR_CITY_HALL = [40.7128, -74.006, 5, 1];

/** What YumZoom needs in order to serve. The database is critical; without a partner it serves less. */
export function appHealth(): Health {
  return once('health', () =>
    health({
      database: {
        pool: pool(),
        query: { text: 'SELECT id FROM nearby_restaurants_optimized($1, $2, $3, $4)', values: NEAR_CITY_HALL },
      },
      externalApis: [
        api('google-maps', `${config.partners.maps().url}/geocode?address=test`, config.partners.maps().key),
        api('stripe', `${config.partners.payments().url}/v1/balance`, config.partners.payments().key),
        api('email', `${config.partners.email().url}/domains`, config.partners.email().key),
      ],
      filesystem: { directory: config.uploadsFolder() },
    }),
  );
}

const api = (name: string, url: string, key: string) => ({ name, url, headers: { authorization: `Bearer ${key}` } });
