import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Where the map with a debug id lies. @param debugId a UUID, with or without dashes */
export function debugIdPath(folder: string, debugId: string): string {
  const id = debugId.replaceAll('-', '').toLowerCase();
  return join(folder, 'debug-ids', id.slice(0, 2), `${id}.map.gz`);
}

/** Where the map of a script of a release lies. @param name path of the script, from `~/` */
export function releaseFilePath(folder: string, release: string, dist: string | null, name: string): string {
  const key = createHash('sha256')
    .update(JSON.stringify([release, dist ?? '', name]))
    .digest('hex');
  return join(folder, 'releases', key.slice(0, 2), `${key}.map.gz`);
}

/** `https://host/static/app.js?v=1` → `~/static/app.js`; other paths stay as they are. */
export function scriptName(path: string): string {
  const plain = path.replace(/[?#].*$/, '');
  if (/^https?:\/\//i.test(plain)) return plain.replace(/^https?:\/\/[^/]*\//i, '~/');
  return plain.startsWith('/') ? `~${plain}` : plain;
}
