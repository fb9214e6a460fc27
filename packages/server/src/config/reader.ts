import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import type { Finding } from '../lib/finding.ts';
import { matchFiles } from './discover.ts';
import { readSource, type Source } from './source.ts';

function displayName(cwd: string, file: string): string {
  const short = relative(cwd, file);
  return short.startsWith('..') ? file : short;
}

/** Reads files one after the other; those that the first ones include come after them. */
export class FileReader {
  readonly files: string[] = [];
  readonly sources: Source[] = [];
  /** Every pattern that was followed, from the root. */
  readonly patterns: string[] = [];
  readonly #root: string;
  readonly #cwd: string;
  readonly #report: (finding: Finding) => void;

  /**
   * @param root the folder that patterns count from
   * @param cwd the folder that names in findings count from
   */
  constructor(root: string, cwd: string, report: (finding: Finding) => void) {
    this.#root = root;
    this.#cwd = cwd;
    this.#report = report;
  }

  /** Reads a file once. Reports E113 when it cannot be read, and what is wrong with it as YAML. */
  read(file: string): void {
    if (this.files.includes(file)) return;
    this.files.push(file);
    const name = displayName(this.#cwd, file);
    try {
      this.sources.push(readSource(name, readFileSync(file, 'utf8'), this.#report));
    } catch (error) {
      const message = `the file cannot be read: ${messageOf(error)}`;
      this.#report({ file: name, line: 1, col: 1, code: 'E113', severity: 'error', message, suggestion: null });
    }
  }

  /** Reads what the files read so far include, or `defaults` where none of them says. */
  include(defaults: readonly string[]): void {
    const written = this.sources.filter(({ value }) => Array.isArray(value.include));
    for (const source of written) this.#includeOf(source);
    if (written.length > 0) return;
    this.patterns.push(...defaults);
    for (const pattern of defaults) for (const file of matchFiles(this.#root, pattern)) this.read(file);
  }

  #includeOf(source: Source): void {
    for (const [index, pattern] of (source.value.include as unknown[]).entries()) {
      if (typeof pattern !== 'string') continue;
      this.patterns.push(pattern);
      const files = matchFiles(this.#root, pattern);
      if (files.length === 0) this.#reportNoMatch(source, index, pattern);
      for (const file of files) this.read(file);
    }
  }

  #reportNoMatch(source: Source, index: number, pattern: string): void {
    const message = `no file matches "${pattern}"`;
    const suggestion = `patterns count from ${displayName(this.#cwd, this.#root) || '.'}`;
    this.#report(source.locate({ code: 'E113', path: ['include', index], message, suggestion }));
  }
}
