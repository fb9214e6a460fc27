import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Finding, Issue } from '../lib/finding.ts';
import { compose } from './compose.ts';
import type { LoadedConfig } from './config.ts';
import { startingPoint } from './discover.ts';
import { interpolate } from './interpolate.ts';
import { SectionJoiner } from './join.ts';
import { FileReader } from './reader.ts';
import { isLater } from './sections.ts';
import type { Source } from './source.ts';

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
  const { root, files, include, mainFiles } = startingPoint(path, cwd);
  const findings: Finding[] = [];
  const reader = new FileReader(root, cwd, (finding) => findings.push(finding));
  for (const file of files) reader.read(file);
  reader.include(include);
  const joiner = new SectionJoiner();
  for (const source of reader.sources) {
    const filled = fillSections(source, env, (finding) => findings.push(finding));
    joiner.add(source.file, filled.value, (issue) => findings.push(source.locate(filled.unfill(issue))));
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
    patterns: [...mainFiles, ...reader.patterns],
    root,
  };
}

/**
 * Fills in the environment. Sections that are not used are left alone: what they lack matters to nobody yet.
 * @returns the value, and a function that takes the environment's values out of an issue again
 */
function fillSections(source: Source, env: LoadOptions['env'], report: (finding: Finding) => void) {
  const used = new Map<string, string>();
  const at = (issue: Issue) => report(source.locate(issue));
  const fill = ([name, section]: [string, unknown]) =>
    isLater(name) ? [name, section] : [name, interpolate(section, { env, used, report: at }, [name])];
  const value: Source['value'] = Object.fromEntries(Object.entries(source.value).map(fill));
  // A value of three letters is no secret, and taking it out would spoil the sentence.
  const secrets = [...used].filter(([, secret]) => secret.length > 3);
  const mask = (text: string) => secrets.reduce((rest, [name, secret]) => rest.replaceAll(secret, `\${${name}}`), text);
  const unfill = (issue: Issue): Issue => ({
    ...issue,
    message: mask(issue.message),
    ...(issue.suggestion === undefined ? {} : { suggestion: mask(issue.suggestion) }),
  });
  return { value, unfill };
}

/** Remarks about what other parts do not have are wrong while a part is missing because it was refused. */
function isMisleading(code: string, refused: boolean, isWhole: boolean): boolean {
  if (code === 'W203') return refused;
  return !isWhole && ['E202', 'E203', 'E303', 'E304', 'W201', 'W212', 'W302', 'I103'].includes(code);
}
