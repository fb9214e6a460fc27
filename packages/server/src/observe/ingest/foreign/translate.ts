import type { Refused } from '../record/readers.ts';
import { translateLogtail } from './logtail.ts';
import { translateVercel } from './vercel.ts';

/** Formats of other services' clients whose records become records of our own. */
export type ForeignFormat = 'logtail-msgpack' | 'logtail-json' | 'logtail-ndjson' | 'vercel';

/** One line of our own format a record. */
export function translate(body: Uint8Array, format: ForeignFormat): string[] | Refused {
  switch (format) {
    case 'logtail-msgpack':
      return translateLogtail(body, 'msgpack');
    case 'logtail-json':
      return translateLogtail(body, 'json');
    case 'logtail-ndjson':
      return translateLogtail(body, 'ndjson');
    case 'vercel':
      return translateVercel(body);
  }
}
