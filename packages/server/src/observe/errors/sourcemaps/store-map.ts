import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeFileAtomic } from '../../../lib/atomic-file.ts';
import type { Queryable } from '../../../lib/db.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import type { SharedFiles } from '../../../lib/shared-files.ts';
import { debugIdPath, releaseFilePath, scriptName } from './artifact-path.ts';
import { sharedMapPath } from './share-maps.ts';

/** Largest source map, bytes. */
export const MAX_SOURCE_MAP = 128 * 1024 * 1024;

/** A source map with the names under which it is to be found: a debug id, or a release and the path of its script. */
export interface NewSourceMap {
  debugId: string | null;
  release: string | null;
  dist: string | null;
  /** The script that it is of, such as `~/static/app.js`. */
  name: string;
  content: Uint8Array;
}

/** Keeps a source map; one under the same names is replaced. @throws invalid_source_map (400) */
export async function storeSourceMap(
  deps: { db: Queryable; folder: string; shared: SharedFiles | null; now: number },
  map: NewSourceMap,
): Promise<void> {
  checkMap(map);
  const packed = gzipSync(map.content, { level: 6 });
  const name = scriptName(map.name);
  const paths = [
    ...(map.debugId === null ? [] : [debugIdPath(deps.folder, map.debugId)]),
    ...(map.release === null ? [] : [releaseFilePath(deps.folder, map.release, map.dist, name)]),
  ];
  for (const path of paths) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, packed);
    await deps.shared?.put(sharedMapPath(path.slice(deps.folder.length + 1)), packed);
    await deps.db.query(
      `INSERT INTO source_maps (path, debug_id, release, dist, name, bytes, uploaded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (path) DO UPDATE SET name = excluded.name, bytes = excluded.bytes, uploaded_at = excluded.uploaded_at`,
      [path.slice(deps.folder.length + 1), map.debugId, map.release, map.dist, name, packed.length, new Date(deps.now)],
    );
  }
}

function checkMap({ content, debugId, release, name }: NewSourceMap): void {
  const refused = (message: string) => new YumOpsError('invalid_source_map', message, { status: 400 });
  if (debugId === null && release === null) throw refused(`${name}: a source map needs a debug id or a release.`);
  if (debugId !== null && !/^[0-9a-f]{32}$/.test(debugId.replaceAll('-', '').toLowerCase())) {
    throw refused(`${name}: "${debugId}" is no debug id; it has 32 hex digits.`);
  }
  let parsed: { version?: unknown; mappings?: unknown; sections?: unknown };
  try {
    parsed = JSON.parse(Buffer.from(content).toString('utf8')) as typeof parsed;
  } catch {
    throw refused(`${name}: the source map is not JSON.`);
  }
  const usable = typeof parsed.mappings === 'string' || Array.isArray(parsed.sections);
  if (parsed.version !== 3 || !usable) throw refused(`${name}: this is no source map of version 3.`);
}
