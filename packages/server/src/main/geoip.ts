import { readFile, stat } from 'node:fs/promises';
import { type CityResponse, Reader } from 'mmdb-lib';
import type { LocationSource } from '../care/security/index.ts';
import type { Clock } from '../lib/clock.ts';
import { codeOf, messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { Loop } from '../lib/loop.ts';

/** How often it is looked whether the file is another: those that publish them do so once a week. */
const LOOK_MS = 60_000;
/** A place that is known only to within more than this, in km, says nothing of a journey. */
const VAGUE_KM = 500;

/** Places addresses by a MaxMind DB file with cities, which is read again when it changes. */
export class GeoIp implements LocationSource {
  state: LocationSource['state'] = { kind: 'none' };
  readonly #path: () => string | null;
  readonly #log: Log;
  readonly #loop: Loop;
  #reader: Reader<CityResponse> | null = null;
  #read = '';

  /** @param path of the file in the present configuration */
  constructor({ path, clock, log }: { path: () => string | null; clock: Clock; log: Log }) {
    this.#path = path;
    this.#log = log;
    const work = async () => {
      await this.refresh();
      return LOOK_MS;
    };
    this.#loop = new Loop(clock, work, () => LOOK_MS);
  }

  /** Reads the file, where it changed. A bad one never replaces a good one. */
  async refresh(): Promise<void> {
    const path = this.#path();
    if (path === null) {
      this.#reader = null;
      this.#read = '';
      this.state = { kind: 'none' };
      return;
    }
    try {
      const { mtimeMs, size } = await stat(path);
      const version = `${path} ${mtimeMs} ${size}`;
      if (version === this.#read) return;
      const reader = new Reader<CityResponse>(await readFile(path));
      this.#reader = reader;
      this.#read = version;
      this.state = { kind: 'ready' };
    } catch (error) {
      const reason = codeOf(error) === 'ENOENT' ? `${path} does not exist` : `${path}: ${messageOf(error)}`;
      if (this.state.kind !== 'broken') this.#log.error('the file of places cannot be read', { reason });
      this.state = { kind: 'broken', reason };
    }
  }

  async start(): Promise<void> {
    await this.refresh();
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  placeOf(ip: string): ReturnType<LocationSource['placeOf']> {
    const found = this.#reader?.get(ip) ?? null;
    const { latitude: lat, longitude: lon, accuracy_radius: radius = 0 } = found?.location ?? {};
    if (lat === undefined || lon === undefined || radius > VAGUE_KM) return null;
    return { country: found?.country?.iso_code ?? null, lat, lon };
  }

  countryOf(ip: string): string | null {
    return this.#reader?.get(ip)?.country?.iso_code ?? null;
  }
}
