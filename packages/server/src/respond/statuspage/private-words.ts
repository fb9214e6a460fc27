import { YumOpsError } from '../../lib/errors.ts';

/** Names that only people inside know. */
export interface InsideNames {
  /** Of monitors, rules, SLOs, people, schedules, databases, hosts, and what the page's own list says. */
  words: readonly string[];
  /** What the page itself calls things is public, whatever else has the name. */
  publicNames: readonly string[];
}

/** A shorter name is too likely to be a word of the language. */
const SHORTEST = 4;
const ADDRESSES = [
  /\b(?:10|127)(?:\.\d{1,3}){3}\b/,
  /\b192\.168(?:\.\d{1,3}){2}\b/,
  /\b172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}\b/,
  /\blocalhost\b/i,
  /\b[\w-]+\.(?:internal|local|svc|lan|intranet)\b/i,
];

/** The names in a text that must not become public, as they stand in it. */
export function insideNamesIn(text: string, { words, publicNames }: InsideNames): string[] {
  const known = new Set(publicNames.map((name) => name.toLowerCase()));
  const found = new Set<string>();
  for (const word of words) {
    if (word.length < SHORTEST || known.has(word.toLowerCase())) continue;
    const escaped = word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const hit = new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, 'iu').exec(text);
    if (hit) found.add(hit[0]);
  }
  for (const pattern of ADDRESSES) {
    const hit = pattern.exec(text);
    if (hit) found.add(hit[0]);
  }
  return [...found];
}

/** @throws YumOpsError `internal_name` (400) naming what must be taken out */
export function refuseInsideNames(texts: readonly string[], names: InsideNames): void {
  const found = texts.flatMap((text) => insideNamesIn(text, names));
  if (found.length === 0) return;
  const list = [...new Set(found)].map((name) => `"${name}"`).join(', ');
  throw new YumOpsError('internal_name', `Visitors must not read ${list}.`, {
    hint: 'Say it in words that visitors know; names of components are fine.',
    status: 400,
  });
}
