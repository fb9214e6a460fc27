import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import type { Finding, Issue, Report } from '../lib/finding.ts';
import { compose } from './compose.ts';
import type { LoadedConfig } from './config.ts';
import { matchFiles, startingPoint } from './discover.ts';
import { interpolate } from './interpolate.ts';
import { isLater, SectionJoiner } from './sections.ts';
import { readSource, type Source } from './source.ts';

export interface LoadOptions {
  /** A folder or file; undefined = the working folder, which may have no configuration at all. */
  path?: string | undefined;
  /** For `${NAME}`. */
  env: Readonly<Record<string, string | undefined>>;
  /** Findings name files relative to this folder; default the working folder. */
  cwd?: string;
}

/** Whether a finding refuses its file: the language itself is wrong, not the deployment. */
export function refuses({ code }: Pick<Finding, 'code'>): boolean {
  return code.startsWith('E1') || code === 'E302';
}

function displayName(cwd: string, file: string): string {
  const short = relative(cwd, file);
  return short.startsWith('..') ? file : short;
}

/** Reads the files one after the other; those that the first ones include come after them. */
class FileReader {
  readonly files: string[] = [];
  readonly sources: Source[] = [];
  readonly patterns: string[] = [];
  readonly #root: string;
  readonly #cwd: string;
  readonly #report: (finding: Finding) => void;

  constructor(root: string, cwd: string, report: (finding: Finding) => void) {
    this.#root = root;
    this.#cwd = cwd;
    this.#report = report;
  }

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
      if (files.length === 0) {
        const issue = { code: 'E113', path: ['include', index], message: `no file matches "${pattern}"` };
        this.#report(
          source.locate({ ...issue, suggestion: `patterns count from ${displayName(this.#cwd, this.#root) || '.'}` }),
        );
      }
      for (const file of files) this.read(file);
    }
  }
}

function inOrder(findings: readonly Finding[], sources: readonly Source[]): Finding[] {
  const order = new Map(sources.map(({ file }, index) => [file, index]));
  const place = (finding: Finding) => order.get(finding.file) ?? sources.length;
  return [...findings].sort(
    (a, b) => place(a) - place(b) || a.line - b.line || a.col - b.col || (a.code < b.code ? -1 : 1),
  );
}

/**
 * Reads, checks and composes the configuration. Nothing but a missing path throws: whatever else is wrong is a
 * finding, and one that refuses a file leaves `config` undefined.
 * @throws YumOpsError `wrong_use` when `path` does not exist
 */
export function loadConfig({ path, env, cwd = process.cwd() }: LoadOptions): LoadedConfig {
  const { root, files, include } = startingPoint(path, cwd);
  const findings: Finding[] = [];
  const reader = new FileReader(root, cwd, (finding) => findings.push(finding));
  for (const file of files) reader.read(file);
  reader.include(include);
  const joiner = new SectionJoiner();
  for (const source of reader.sources) {
    const report = (issue: Issue) => findings.push(source.locate(issue));
    joiner.add(source.file, fillSections(source.value, env, report), report);
  }
  const secretFiles: string[] = [];
  const readText = (file: string) => {
    secretFiles.push(resolve(root, file));
    return readFileSync(resolve(root, file), 'utf8');
  };
  const composed = compose(joiner.sections(), readText);
  const refused = findings.some(refuses);
  const isWhole = !reader.sources.some(({ broken }) => broken) && reader.sources.length === reader.files.length;
  const shown = findings.filter(({ code }) => !isMisleading(code, refused, isWhole && joiner.incomplete.size === 0));
  return {
    config: refused ? undefined : { root, files: reader.files, ...composed },
    findings: inOrder(shown, reader.sources),
    files: reader.files,
    inputs: [...reader.files, ...secretFiles],
    patterns: reader.patterns,
    root,
  };
}

/** Fills in the environment. Sections that are not used are left alone: what they lack matters to nobody yet. */
function fillSections(value: Source['value'], env: LoadOptions['env'], report: Report): Source['value'] {
  const fill = ([name, section]: [string, unknown]) =>
    isLater(name) ? [name, section] : [name, interpolate(section, env, report, [name])];
  return Object.fromEntries(Object.entries(value).map(fill));
}

/** Remarks about what other parts do not have are wrong while a part is missing because it was refused. */
function isMisleading(code: string, refused: boolean, isWhole: boolean): boolean {
  if (code === 'W203') return refused;
  return !isWhole && ['E202', 'E203', 'W201', 'W212', 'I103'].includes(code);
}
