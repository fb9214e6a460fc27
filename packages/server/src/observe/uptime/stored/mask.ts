/** What stands where a secret is; given back, it means the secret that is there. */
export const MASK = '[secret]';

const SECRET_KEYS = new Set(['bearer', 'password', 'client_secret', 'token', 'key', 'cert']);

/** A definition as people may see it. */
export function maskDefinition(definition: unknown): unknown {
  return change(definition, undefined, false);
}

/** A definition in which what was masked is as it was before. */
export function unmaskDefinition(written: unknown, before: unknown): unknown {
  if (written === MASK) return before ?? MASK;
  if (typeof written === 'string' && written.includes(MASK) && typeof before === 'string') {
    return withPassword(written, before);
  }
  if (Array.isArray(written)) return written.map((one, index) => unmaskDefinition(one, at(before, index)));
  if (typeof written !== 'object' || written === null) return written;
  return Object.fromEntries(Object.entries(written).map(([key, one]) => [key, unmaskDefinition(one, at(before, key))]));
}

const PLACE_KEYS = new Set(['url', 'host', 'token_url', 'rdap', 'resolver']);

/**
 * The places that a definition calls: host and port of each address, and each host.
 * A masked secret must not go to a place that it was not written for.
 */
export function placesOf(definition: unknown, key = ''): string[] {
  if (typeof definition === 'string') return PLACE_KEYS.has(key) ? [placeOf(definition)] : [];
  if (Array.isArray(definition)) return definition.flatMap((one) => placesOf(one));
  if (typeof definition !== 'object' || definition === null) return [];
  return Object.entries(definition).flatMap(([name, one]) => placesOf(one, name));
}

function placeOf(text: string): string {
  return URL.canParse(text) && text.includes('//') ? new URL(text).host : text.toLowerCase();
}

function change(value: unknown, key: string | undefined, inHeaders: boolean): unknown {
  if (typeof value === 'string') {
    return inHeaders || (key !== undefined && SECRET_KEYS.has(key)) ? MASK : withoutPassword(value);
  }
  if (Array.isArray(value)) return value.map((one) => change(one, undefined, inHeaders));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      change(one, name, inHeaders || key === 'headers' || name === 'headers'),
    ]),
  );
}

const PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/[^/?#\s:@]*:)([^/?#\s@]*)(@.*)$/is;

function withoutPassword(text: string): string {
  return text.replace(PASSWORD, `$1${MASK}$3`);
}

function withPassword(written: string, before: string): string {
  const password = PASSWORD.exec(before)?.[2];
  return password === undefined ? written : written.replace(MASK, () => password);
}

function at(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined;
}
