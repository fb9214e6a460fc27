/** A name as `pg_restore --list` writes it: on one line, whatever is in it. */
export const inContents = (name: string) => name.replace(/[\n\r]/g, ' ');

/** Schemas that an archive makes, as its contents call them. Owners with a space in their name are rare, and spoil the name before it. */
export function schemasOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^\d+; \d+ \d+ SCHEMA - (.+) \S+$/.exec(line)?.[1] ?? []);
}
