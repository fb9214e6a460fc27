const ENDPOINTS = [
  '/api/restaurants',
  '/api/restaurants/[id]',
  '/api/menus',
  '/api/ratings',
  '/api/search',
  '/dashboard',
  '/api/nearby',
];
const LEVELS = ['info', 'info', 'info', 'info', 'info', 'info', 'warn', 'debug', 'error', 'info'];
const STACK = `Error: upstream timed out\n    at fetchMenu (/app/lib/menus.ts:42:11)\n    at async GET (/app/app/api/menus/route.ts:17:5)\n    at async handler (/app/node_modules/next/dist/server/route.js:88:9)`;

const hex = (n, width) =>
  Math.imul(n + 1, 2_654_435_761)
    .toString(16)
    .replace('-', 'f')
    .padStart(8, '0')
    .repeat(Math.ceil(width / 8))
    .slice(0, width);

/** A log record as the SDK writes it, about 690 bytes of JSON; `n` decides its content. */
export function makeRecord(n, timestamp, { requests = false } = {}) {
  const level = LEVELS[n % LEVELS.length];
  const endpoint = ENDPOINTS[(n * 7) % ENDPOINTS.length];
  return {
    timestamp: new Date(timestamp).toISOString(),
    level,
    message:
      level === 'error'
        ? STACK
        : `Handled ${endpoint} for customer ${n % 9_973} in region eu-west-${n % 3} after ${n % 11} database queries`,
    service: 'yumzoom',
    environment: 'production',
    release: '1.14.2',
    type: requests ? 'request' : 'business',
    event: requests ? undefined : 'restaurant_rating',
    endpoint,
    method: n % 5 === 0 ? 'POST' : 'GET',
    statusCode: level === 'error' ? 502 : 200,
    duration: (n % 700) + 0.25,
    ip: `198.51.${n % 200}.${n % 250}`,
    userId: `user_${n % 40_000}`,
    requestId: `${hex(n, 8)}-${hex(n + 1, 8)}-${hex(n + 2, 8)}`,
    traceId: hex(n, 32),
    spanId: hex(n + 3, 16),
    user: { plan: n % 4 === 0 ? 'gold' : 'free', country: 'DE' },
    database: { queries: n % 11, milliseconds: n % 90 },
    cacheHit: n % 3 === 0,
  };
}
