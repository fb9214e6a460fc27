const SURROGATE = /[\ud800-\udfff]/;

/** The text with halves of surrogate pairs, which are no characters, replaced by U+FFFD. */
export function wellFormed(text: string): string {
  if (!SURROGATE.test(text)) return text;
  return Buffer.from(text, 'utf8').toString('utf8');
}

/** JSON of a value whose texts are made well formed, on one line. */
export function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!/\\ud[89a-f]/.test(json)) return json;
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'string' ? wellFormed(inner) : inner));
}
