import { GUEST_PASSWORD, GUESTS, guestEmail } from '../database/seed.mjs';
import { pick } from './random.mjs';

/** @typedef {import('./visitor.mjs').Visitor} Visitor */

const CITIES = ['New York', 'London', 'Lisbon', 'Berlin', 'San Francisco', 'Chicago', 'Melbourne', 'Toronto'];
const CUISINES = [
  'Italian',
  'Japanese',
  'Mexican',
  'Indian',
  'Vegan',
  'Seafood',
  'Thai',
  'Burgers',
  'Bakery',
  'Korean',
];
const STREETS = ['12 Dean Street', '88 Valencia Street', '5 Torstraße', '31 Spadina Avenue', '240 Broadway'];
const WISHES = [
  'ramen',
  'golden fox',
  'taquería',
  'vegan london',
  'pizzeria',
  'tandoor',
  'oyster',
  'sushi lisbon',
  'zzz',
];
const COMMENTS = ['', '', 'Great evening.', 'Would come again.', 'A bit loud.', 'The dessert!', 'Slow today.'];

/** The smallest PNG: one pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Sessions of guests who have signed in before, by the guest's number; people stay signed in. */
const signedIn = new Map();

/** A popular restaurant more often than others. */
const anyRestaurant = (random) => 1 + Math.floor(6000 * random() ** 2);

const firstLinks = (body) => [...body.matchAll(/href="(\/restaurants\/\d+)"/g)].map((match) => match[1]);

/** @param {Visitor} visitor */
async function browse(visitor) {
  await visitor.open('/');
  await visitor.think(1, 5);
  const filter =
    visitor.random() < 0.6 ? { city: pick(visitor.random, CITIES) } : { cuisine: pick(visitor.random, CUISINES) };
  const { body } = await visitor.open(`/restaurants?${new URLSearchParams(filter)}`);
  const links = firstLinks(body);
  for (let look = 0; look < 1 + visitor.random() * 3 && links.length > 0; look += 1) {
    await visitor.think(1, 8);
    await visitor.open(pick(visitor.random, links));
  }
}

/** @param {Visitor} visitor */
async function search(visitor) {
  const wish = encodeURIComponent(pick(visitor.random, WISHES));
  await visitor.fetch(`/api/restaurants/search?query=${wish.slice(0, 3)}`);
  await visitor.think(0.3, 1);
  await visitor.fetch(`/api/restaurants/search?query=${wish}`);
  await visitor.think(0.5, 3);
  const { body } = await visitor.open(`/search?query=${wish}`);
  const links = firstLinks(body);
  if (links.length === 0) return;
  await visitor.think(1, 6);
  await visitor.open(pick(visitor.random, links));
}

/** @param {Visitor} visitor */
async function nearby(visitor) {
  const city = pick(visitor.random, CITIES);
  const address = visitor.random() < 0.5 ? city : `${pick(visitor.random, STREETS)}, ${city}`;
  const { body } = await visitor.open(`/nearby?${new URLSearchParams({ address, distance: '3' })}`);
  await visitor.think(1, 4);
  await visitor.fetch(
    `/api/restaurants/nearby?lat=40.7${Math.floor(visitor.random() * 90)}&lng=-73.99&distance_km=2&limit=12`,
  );
  const links = firstLinks(body);
  if (links.length > 0) await visitor.open(pick(visitor.random, links));
}

/** Signs a guest in, who now and then mistypes first; most are still signed in from the last time. */
async function enter(visitor) {
  const guest = 1 + Math.floor(visitor.random() * GUESTS);
  const known = signedIn.get(guest);
  if (known && visitor.random() < 0.8) {
    visitor.cookie = known;
    const { status } = await visitor.open('/dashboard');
    if (status === 200) return true;
    visitor.cookie = undefined;
  }
  await visitor.open('/sign-in');
  await visitor.think(1, 4);
  const email = guestEmail(guest);
  if (visitor.random() < 0.08) {
    await visitor.post('/api/session', { email, password: 'yumzoom-gest' });
    await visitor.think(1, 4);
  }
  const { status } = await visitor.post('/api/session', { email, password: GUEST_PASSWORD });
  if (status !== 200) return false;
  signedIn.set(guest, visitor.cookie);
  await visitor.open('/dashboard');
  return true;
}

/** @param {Visitor} visitor */
async function rate(visitor) {
  if (!(await enter(visitor))) return;
  const restaurantId = anyRestaurant(visitor.random);
  await visitor.think(1, 5);
  await visitor.open(`/restaurants/${restaurantId}`);
  await visitor.think(2, 8);
  const score = 1 + Math.floor(5 * visitor.random() ** 0.6);
  await visitor.post('/api/ratings', { restaurantId, score, comment: pick(visitor.random, COMMENTS) });
  if (visitor.random() < 0.3) await visitor.open('/account');
}

/** @param {Visitor} visitor */
async function order(visitor) {
  if (!(await enter(visitor))) return;
  const { body } = await visitor.open(`/restaurants/${anyRestaurant(visitor.random)}`);
  const dishes = [...body.matchAll(/name="menuItemId" value="(\d+)"/g)].map((match) => Number(match[1]));
  if (dishes.length === 0) return;
  await visitor.think(2, 8);
  await visitor.post('/api/orders', {
    menuItemId: pick(visitor.random, dishes),
    quantity: 1 + Math.floor(visitor.random() * 3),
  });
  await visitor.open('/dashboard');
}

/** Some send a photo and never attach it: such uploads are for the nightly upkeep. @param {Visitor} visitor */
async function photo(visitor) {
  if (!(await enter(visitor))) return;
  const restaurantId = anyRestaurant(visitor.random);
  await visitor.open(`/restaurants/${restaurantId}/photo`);
  await visitor.think(1, 4);
  const { status, body } = await visitor.upload('/api/photos', PIXEL);
  if (status !== 201 || visitor.random() < 0.3) return;
  await visitor.think(1, 3);
  await visitor.post('/api/photos/attach', { uploadId: JSON.parse(body).uploadId, restaurantId });
}

/** @param {Visitor} visitor */
async function join(visitor) {
  await visitor.open('/join');
  await visitor.think(3, 8);
  await visitor.post('/api/accounts', {
    displayName: 'New Guest',
    email: `new-${Date.now().toString(36)}-${Math.floor(visitor.random() * 1e6)}@yumzoom.example`,
    password: GUEST_PASSWORD,
    homeCity: pick(visitor.random, CITIES),
  });
  await visitor.open('/dashboard');
}

/** A bookmark of someone whose session is over. @param {Visitor} visitor */
async function bookmark(visitor) {
  await visitor.open('/dashboard');
  await visitor.open('/sign-in?next=/dashboard');
}

/** An old link and a mistyped one. @param {Visitor} visitor */
async function lost(visitor) {
  await visitor.open(pick(visitor.random, ['/restaurants/999999', '/menu', '/restaurants/golden-fox']));
  await visitor.think(1, 2);
  await visitor.open('/');
}

/** What people come for, with how often. @type {readonly [(visitor: Visitor) => Promise<void>, number][]} */
export const JOURNEYS = [
  [browse, 36],
  [search, 24],
  [nearby, 16],
  [rate, 8],
  [order, 6],
  [photo, 2],
  [join, 1],
  [bookmark, 4],
  [lost, 3],
];

/** Requests of a journey, on average; from it follows how many journeys begin. */
export const REQUESTS_A_JOURNEY = 4.2;
