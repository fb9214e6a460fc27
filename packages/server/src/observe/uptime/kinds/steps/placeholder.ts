const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g;

/** The names that a text refers to as `{{name}}`. */
export function namesIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/**
 * Puts values in the place of `{{name}}`.
 * @param encode applied to each value, such as `encodeURIComponent` inside an address
 */
export function fill(
  text: string,
  values: ReadonlyMap<string, string>,
  encode: (value: string) => string = (value) => value,
): string {
  return text.replace(PLACEHOLDER, (_whole, name: string) => encode(values.get(name) ?? ''));
}
