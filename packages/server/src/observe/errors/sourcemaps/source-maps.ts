import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { AnyMap, originalPositionFor, sourceContentFor, type TraceMap } from '@jridgewell/trace-mapping';
import { codeOf } from '../../../lib/errors.ts';
import type { ErrorEvent, StackFrame } from '../event.ts';
import { debugIdPath, releaseFilePath, scriptName } from './artifact-path.ts';
import { enclosingFunction } from './enclosing-function.ts';

/** Maps kept unpacked: an application has few hot ones, and each may take tens of megabytes. */
const MAPS_KEPT = 16;

/** Lines of source around a frame. */
const CONTEXT = 5;

/** Longest line of source that is kept, characters. */
const LONGEST_LINE = 500;

/** Maps that were not there and are remembered as such: frames of servers have none, and each event has many. */
const MISSING_KEPT = 20_000;

/** How often a map that was not there is looked for again, frames that want it. */
const ASK_AGAIN = 50;

/**
 * Applies source maps to events, by debug id first, then by release, dist and path of the script. Reads files as it
 * goes: for a thread of its own.
 */
export class SourceMaps {
  readonly #folder: string;
  readonly #maps = new Map<string, TraceMap>();
  /** How often each map that is not there was wanted. */
  readonly #missing = new Map<string, number>();

  /** @param folder of the uploaded maps */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Replaces minified frames by those of the source, in place. @returns frames that were mapped */
  apply(event: ErrorEvent): number {
    const images = new Map(event.debug_meta.images.map(({ code_file: file, debug_id: id }) => [file, id]));
    let mapped = 0;
    for (const { stacktrace } of event.exception.values) {
      if (stacktrace) mapped += this.#applyStack(stacktrace.frames, event, images);
    }
    return mapped;
  }

  #applyStack(frames: StackFrame[], event: ErrorEvent, images: ReadonlyMap<string, string>): number {
    let mapped = 0;
    let calledName: string | null = null;
    for (const frame of frames) {
      const found = this.#find(frame, event, images);
      if (found) {
        const { map, position } = found;
        applyPosition(frame, map, position, calledName);
        mapped += 1;
      }
      // The next frame is what this one called.
      calledName = found?.position.name ?? null;
    }
    return mapped;
  }

  #find(frame: StackFrame, event: ErrorEvent, images: ReadonlyMap<string, string>) {
    const path = frame.abs_path ?? frame.filename;
    if (path === undefined || frame.raw || !frame.lineno || !frame.colno) return undefined;
    const map = this.#mapOf(path, event, images);
    if (!map) return undefined;
    const position = originalPositionFor(map, { line: frame.lineno, column: Math.max(0, frame.colno - 1) });
    return position.source === null ? undefined : { map, position: position as Position };
  }

  #mapOf(path: string, event: ErrorEvent, images: ReadonlyMap<string, string>): TraceMap | undefined {
    const debugId = images.get(path);
    const byId = debugId === undefined ? undefined : this.#load(debugId, () => debugIdPath(this.#folder, debugId));
    const { release, dist } = event;
    if (byId || release === null) return byId;
    return this.#load(`${release}\n${dist}\n${path}`, () =>
      releaseFilePath(this.#folder, release, dist, scriptName(path)),
    );
  }

  #load(key: string, pathOf: () => string): TraceMap | undefined {
    const known = this.#maps.get(key);
    if (known) {
      this.#maps.delete(key);
      this.#maps.set(key, known);
      return known;
    }
    const wanted = this.#missing.get(key) ?? 0;
    const map = wanted % ASK_AGAIN === 0 ? readMap(pathOf()) : undefined;
    if (map) {
      this.#missing.delete(key);
      this.#maps.set(key, map);
      if (this.#maps.size > MAPS_KEPT) this.#maps.delete(this.#maps.keys().next().value as string);
    } else {
      if (this.#missing.size >= MISSING_KEPT) this.#missing.clear();
      this.#missing.set(key, wanted + 1);
    }
    return map;
  }
}

function readMap(path: string): TraceMap | undefined {
  try {
    return new AnyMap(JSON.parse(gunzipSync(readFileSync(path)).toString('utf8'))) as TraceMap;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    // A damaged map must not cost the event; its frames stay as they were sent.
    return undefined;
  }
}

type Position = ReturnType<typeof originalPositionFor> & { source: string };

function applyPosition(frame: StackFrame, map: TraceMap, position: Position, calledName: string | null): void {
  const { filename, abs_path: path, lineno, colno } = frame;
  frame.raw = { filename, abs_path: path, function: frame.function, lineno, colno };
  const source = sourcePath(position.source);
  const line = position.line as number;
  frame.filename = source;
  frame.abs_path = position.source;
  frame.lineno = line;
  frame.colno = (position.column as number) + 1;
  frame.in_app = !/(?:^|\/)node_modules\//.test(source) && !/^(?:webpack|turbopack)\//.test(source);
  delete frame.module;
  const lines = sourceContentFor(map, position.source)?.split(/\r?\n/);
  const name = calledName ?? (lines ? enclosingFunction(lines, line) : null);
  if (name !== null) frame.function = name;
  if (!lines) return;
  frame.pre_context = lines.slice(Math.max(0, line - 1 - CONTEXT), line - 1).map(cut);
  frame.context_line = cut(lines[line - 1] ?? '');
  frame.post_context = lines.slice(line, line + CONTEXT).map(cut);
}

function cut(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE - 1)}…` : line;
}

/** `webpack://_N_E/./src/cart.ts?a1b2` → `src/cart.ts`; folders above the project are left out. */
function sourcePath(source: string): string {
  return source
    .replace(/^(?:webpack|turbopack|ng|rollup|vite|app|file):\/{2,3}(?:_N_E\/|\[project\]\/)?/i, '')
    .replace(/^(?:\.{0,2}\/)+/, '')
    .replace(/\?[\w-]*$/, '');
}
