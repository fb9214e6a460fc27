/**
 * Parameters of an address are plain text both ways: no JSON, and `/`, `:` and `,` stay readable.
 */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(search)) {
    if (value === undefined || value === null || value === '') continue;
    parts.push(`${encodeURIComponent(name)}=${readable(encodeURIComponent(String(value)))}`);
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function readable(encoded: string): string {
  return encoded.replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',').replaceAll('%20', '+');
}

/** Keeps the named parameters of an address, if they are there. */
export function pick<Name extends string>(
  search: Record<string, unknown>,
  names: readonly Name[],
): { [Key in Name]?: string } {
  const kept: { [Key in Name]?: string } = {};
  for (const name of names) {
    const value = search[name];
    if (typeof value === 'string' && value !== '') kept[name] = value;
  }
  return kept;
}
