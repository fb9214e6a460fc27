/**
 * Replaces the origin of `url` as `targets` says (`{"https://yumzoom.app": "http://127.0.0.1:3000"}`).
 * @returns the address to call, equal to `url` when no origin matches
 */
export function rewriteTarget(url: string, targets: Readonly<Record<string, string>>): string {
  const from = new URL(url);
  for (const [origin, replacement] of Object.entries(targets)) {
    if (new URL(origin).origin !== from.origin) continue;
    return `${new URL(replacement).origin}${from.pathname}${from.search}${from.hash}`;
  }
  return url;
}
