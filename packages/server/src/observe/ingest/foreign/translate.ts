import type { Refused } from '../record/readers.ts';
import { translateLogtail } from './logtail.ts';
import { type Translated, translateVercel } from './vercel.ts';

/** Formats of other services' clients whose records become records of our own. */
export type ForeignFormat = 'logtail-msgpack' | 'logtail-json' | 'logtail-ndjson' | 'vercel';

/**
 * One line of our own format a record.
 * @param project whose records they are
 * @param without keys of records that are left out
 */
export function translate(
  body: Uint8Array,
  format: ForeignFormat,
  project: string,
  without: ReadonlySet<string>,
): Translated | Refused {
  switch (format) {
    case 'logtail-msgpack':
      return unnamed(translateLogtail(body, 'msgpack'));
    case 'logtail-json':
      return unnamed(translateLogtail(body, 'json'));
    case 'logtail-ndjson':
      return unnamed(translateLogtail(body, 'ndjson'));
    case 'vercel':
      return translateVercel(body, project, without);
  }
}

function unnamed(lines: string[] | Refused): Translated | Refused {
  return Array.isArray(lines) ? { lines, keys: [] } : lines;
}
