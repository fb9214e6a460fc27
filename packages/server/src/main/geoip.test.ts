import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cityDatabase } from '../../test/support/mmdb.ts';
import { FakeClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { GeoIp } from './geoip.ts';

const clock = new FakeClock(0);
let folder: string;
let path: string | null;
const open = () => new GeoIp({ path: () => path, clock, log: createLog(clock, () => undefined) });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-geoip-'));
  path = join(folder, 'city.mmdb');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const LONDON = { network: '203.0.113.0/24', country: 'GB', lat: 51.5, lon: -0.13 };
const SYDNEY = { network: '198.51.100.0/25', country: 'AU', lat: -33.87, lon: 151.21 };

test('places addresses by the file, and says nothing of others', async () => {
  await writeFile(
    path as string,
    cityDatabase([LONDON, SYDNEY, { ...SYDNEY, network: '192.0.2.0/24', radius: 1_000 }]),
  );
  const geoip = open();
  await geoip.refresh();
  expect(geoip.state).toEqual({ kind: 'ready' });
  expect(geoip.placeOf('203.0.113.77')).toEqual({ country: 'GB', lat: 51.5, lon: -0.13 });
  const countries = ['203.0.113.77', '192.0.2.1', '8.8.8.8'].map((ip) => geoip.countryOf(ip));
  expect(countries).toEqual(['GB', 'AU', null]);
  expect(geoip.placeOf('198.51.100.127')).toMatchObject({ country: 'AU' });
  expect(geoip.placeOf('198.51.100.128')).toBeNull();
  expect(geoip.placeOf('192.0.2.1')).toBeNull();
  expect(geoip.placeOf('2001:db8::1')).toBeNull();
});

test('reads a new file; a bad or missing one never replaces a good one, and is told of', async () => {
  await writeFile(path as string, cityDatabase([LONDON]));
  const geoip = open();
  await geoip.refresh();
  await writeFile(path as string, cityDatabase([{ ...SYDNEY, network: LONDON.network }]));
  await geoip.refresh();
  expect(geoip.placeOf('203.0.113.77')?.country).toBe('AU');
  await writeFile(path as string, 'this is no database');
  await geoip.refresh();
  expect(geoip.state).toMatchObject({ kind: 'broken' });
  expect(geoip.placeOf('203.0.113.77')?.country).toBe('AU');
  await rm(path as string);
  await geoip.refresh();
  expect(geoip.state).toMatchObject({ kind: 'broken', reason: expect.stringContaining('does not exist') });
  path = null;
  await geoip.refresh();
  expect(geoip.state).toEqual({ kind: 'none' });
  expect(geoip.placeOf('203.0.113.77')).toBeNull();
});
