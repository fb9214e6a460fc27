import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A place in a file that was compiled or bundled from ours. */
const PLACE = /(file:\/\/[^\s()]+\/dist\/[^\s()]+\.js):(\d+):(\d+)/g;

const maps = new Map<string, SourceMap | null>();

/**
 * The stack of an error with places of the sources in the place of compiled ones, where a source map lies beside
 * the file. Maps are read when the first error needs them, so that a start without errors does not pay for them.
 */
export function sourceStack(error: Error): string {
  return (error.stack ?? String(error)).replace(PLACE, (place, url: string, line: string, column: string) => {
    const entry = mapOf(url)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (!entry || !('originalSource' in entry)) return place;
    const { originalSource, originalLine, originalColumn } = entry;
    const source = fileOf(originalSource, url);
    return source === null ? place : `${source}:${originalLine + 1}:${originalColumn + 1}`;
  });
}

function fileOf(source: string, url: string): string | null {
  try {
    return fileURLToPath(new URL(source, url));
  } catch {
    // Maps of other packages may name sources as their bundler does, such as webpack:///src/a.ts.
    return null;
  }
}

function mapOf(url: string): SourceMap | null {
  const known = maps.get(url);
  if (known !== undefined) return known;
  const map = readMap(url);
  maps.set(url, map);
  return map;
}

function readMap(url: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(new URL(`${url}.map`), 'utf8')) as SourceMapPayload);
  } catch {
    // It was left out or is no map; the compiled place says where it was as well.
    return null;
  }
}
