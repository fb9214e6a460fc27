import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen, sendJson } from './listen.mjs';

const CITIES = {
  'new york': [40.7228, -73.996],
  london: [51.513, -0.105],
  lisbon: [38.7169, -9.1399],
  berlin: [52.505, 13.415],
  'san francisco': [37.768, -122.427],
  chicago: [41.888, -87.649],
  melbourne: [-37.808, 144.966],
  toronto: [43.656, -79.395],
};

/** The last part of "12 Dean Street, London" decides the city; the street moves the place a little. */
function geocode(address) {
  const text = address.toLowerCase();
  const city = Object.keys(CITIES).find((name) => text.includes(name));
  if (!city) return [];
  const [lat, lng] = CITIES[city];
  const offset = text === city ? 0 : ([...text].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 40) / 2000;
  return [{ lat: lat + offset, lng: lng - offset }];
}

/** Routes of the three services, with how long each takes: least and most milliseconds. */
const SERVICES = {
  'google-maps': {
    delay: [25, 90],
    routes: { 'GET /geocode': (url) => ({ results: geocode(url.searchParams.get('address') ?? '') }) },
  },
  stripe: {
    delay: [60, 220],
    routes: {
      'GET /v1/balance': () => ({ available: [] }),
      'POST /v1/charges': () => ({ id: `ch_${randomUUID()}`, status: 'succeeded' }),
    },
  },
  resend: {
    delay: [20, 80],
    routes: { 'GET /domains': () => ({ data: [] }), 'POST /emails': () => ({ id: randomUUID() }) },
  },
};

/**
 * Stand-ins for the companies that YumZoom works with: real HTTP on 127.0.0.1, one port each, and a switch that
 * takes them all down. Down means what it means in life: half of the calls get 503, half a broken connection.
 * @param {{ key: string, random: () => number }} options the key that callers must send
 */
export async function startPartners({ key, random }) {
  let down = false;

  const serve = (service) =>
    listen(async (request, response) => {
      const url = new URL(request.url, 'http://partner');
      request.resume();
      const [least, most] = service.delay;
      await sleep(least + (most - least) * random());
      if (down) {
        if (random() < 0.5) request.socket.destroy();
        else sendJson(response, 503, { error: 'out of service' });
        return;
      }
      const route = service.routes[`${request.method} ${url.pathname}`];
      if (request.headers.authorization !== `Bearer ${key}`) sendJson(response, 401, { error: 'wrong key' });
      else if (!route) sendJson(response, 404, { error: 'no such route' });
      else sendJson(response, 200, route(url));
    });

  const names = Object.keys(SERVICES);
  const servers = await Promise.all(names.map((name) => serve(SERVICES[name])));
  const urls = Object.fromEntries(names.map((name, n) => [name, servers[n].url]));
  return {
    urls,
    /** `127.0.0.1:41001=google-maps,…`, as the SDK names the hosts of outbound calls. */
    providers: names.map((name) => `${new URL(urls[name]).host}=${name}`).join(','),
    /** @param {boolean} isDown */
    setDown(isDown) {
      down = isDown;
    },
    close() {
      for (const server of servers) server.close();
    },
  };
}
