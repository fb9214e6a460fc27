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
