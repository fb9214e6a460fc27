import { readFileSync, statSync } from 'node:fs';
import { maskSecrets } from '../logging/secrets.ts';
import type { Frame } from './frames.ts';

const AROUND = 5;
const LONGEST_LINE = 300;
const LARGEST_FILE = 1024 * 1024;
const FILES_KEPT = 50;

/** Lines of the files that errors came from. Reads a file once, and none that is large or minified. */
export class SourceLines {
  readonly #files = new Map<string, readonly string[] | undefined>();

  /** Adds the lines around own frames, in place. */
  addTo(frames: readonly Frame[]): void {
    for (const frame of frames) {
      const lines = frame.in_app && frame.lineno !== undefined ? this.#linesOf(frame.abs_path) : undefined;
      const at = (frame.lineno ?? 0) - 1;
      const line = lines?.[at];
      if (lines === undefined || line === undefined || line.length > LONGEST_LINE) {
        continue;
      }
      frame.pre_context = lines.slice(Math.max(0, at - AROUND), at).map(clip);
      frame.context_line = clip(line);
      frame.post_context = lines.slice(at + 1, at + 1 + AROUND).map(clip);
    }
  }

  #linesOf(path: string): readonly string[] | undefined {
    if (!this.#files.has(path)) {
      if (this.#files.size >= FILES_KEPT) {
        this.#files.clear();
      }
      this.#files.set(path, readLines(path));
    }
    return this.#files.get(path);
  }
}

function readLines(path: string): readonly string[] | undefined {
  try {
    return statSync(path).size > LARGEST_FILE ? undefined : readFileSync(path, 'utf8').split(/\r?\n/);
  } catch {
    return undefined;
  }
}

function clip(line: string): string {
  return maskSecrets(line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line);
}
