import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import {
  type ConfiguredJob,
  lintVercel,
  type RouteFile,
  routeFiles,
  type VercelContext,
} from '../care/scaling/index.ts';
import type { Config } from '../config/index.ts';
import { readSource, type Source } from '../config/source.ts';
import { codeOf, messageOf, YumOpsError } from '../lib/errors.ts';
import type { Finding } from '../lib/finding.ts';

/** A vercel.json that was read. */
export interface VercelSource {
  path: string;
  /** Its contents; undefined when it is no JSON. */
  value: unknown;
  /** Mistakes of the text itself. */
  findings: readonly Finding[];
  locate: Source['locate'];
}

/** The jobs of a configuration by the names that paths such as `/api/cron/backup` have. */
export function configuredJobs({ backups, maintenance }: Pick<Config, 'backups' | 'maintenance'>): ConfiguredJob[] {
  const [first] = backups;
  const named = backups.map(({ name, schedule: pattern, timeZone }) => ({ name, pattern, timeZone }));
  return [
    ...(maintenance.scheduled
      ? [{ name: 'maintenance', pattern: maintenance.schedule, timeZone: maintenance.timeZone }]
      : []),
    ...(first ? [{ name: 'backup', pattern: first.schedule, timeZone: first.timeZone }] : []),
    ...named,
  ];
}

/** Folders of which nothing becomes a function. */
const SKIPPED = new Set(['node_modules', '.git', '.next', '.vercel', 'dist', 'build', 'public', 'coverage']);
const ROOTS = ['app', 'pages', 'api', 'src/app', 'src/pages'];
const MOST_FILES = 20_000;

const COMMENT = /^\s*\/[/*]/m;

/** Where the text stops to be JSON: at its first comment, else where the parser says, else at its end. */
function placeOf(error: unknown, text: string): { line: number; col: number } {
  const comment = COMMENT.exec(text);
  const stopped = /position (\d+)/.exec(messageOf(error))?.[1];
  const position = comment ? comment.index + comment[0].search(/\S/) : Number(stopped ?? text.trimEnd().length);
  const before = text.slice(0, position).split('\n');
  return { line: before.length, col: (before.at(-1) ?? '').length + 1 };
}

/** The key at a place, in quotes as it is written. */
function keyAt(text: string, { line, col }: Finding): string {
  return /^"(?:[^"\\]|\\.)*"/.exec(text.split('\n')[line - 1]?.slice(col - 1) ?? '')?.[0] ?? 'this key';
}

/**
 * Reads a vercel.json.
 * @param path as it is to stand in findings; a folder stands for the file in it
 * @throws YumOpsError `no_such_file`, `unreadable`
 */
export async function readVercelFile(path: string, root = '.'): Promise<VercelSource> {
  const text = await readFile(resolve(root, path), 'utf8').catch((cause: unknown) => {
    const code = codeOf(cause);
    if (code === 'EISDIR') return null;
    throw new YumOpsError(
      code === 'ENOENT' ? 'no_such_file' : 'unreadable',
      code === 'ENOENT' ? `There is no file ${path}.` : `The file ${path} cannot be read: ${messageOf(cause)}`,
      { hint: 'Name the vercel.json of the project: `yumops scaling check PATH`.', status: 404, cause },
    );
  });
  if (text === null) return readVercelFile(join(path, 'vercel.json'), root);
  const found: Finding[] = [];
  // JSON is YAML but for tabs; positions stay the same.
  const { locate } = readSource(path, text.replaceAll('\t', ' '), (finding) => found.push(finding));
  try {
    const value: unknown = JSON.parse(text);
    const findings = found
      .filter(({ code }) => code === 'E102')
      .map((finding) => ({ ...finding, message: `${keyAt(text, finding)} stands here twice` }));
    return { path, value, findings, locate };
  } catch (error) {
    const suggestion = COMMENT.test(text) ? 'remove the comments: JSON has none' : 'check commas, quotes and brackets';
    const place = { file: path, ...placeOf(error, text) };
    const finding: Finding = { ...place, code: 'E100', severity: 'error', message: 'not valid JSON', suggestion };
    return { path, value: undefined, findings: [finding], locate };
  }
}

/** The functions of the project in a folder, in order of their names. */
export async function readProjectFiles(folder: string): Promise<RouteFile[]> {
  const files: string[] = [];
  const look = async (directory: string): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (files.length >= MOST_FILES) return;
      const path = join(directory, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) await look(path);
      else if (entry.isFile()) files.push(relative(folder, path).replaceAll('\\', '/'));
    }
  };
  for (const root of ROOTS) await look(join(folder, root));
  return routeFiles(files.sort());
}

/** Everything that is to be said about a vercel.json, in order of its lines. */
export async function checkVercelFile(
  path: string,
  context: Omit<VercelContext, 'files'>,
  root = '.',
): Promise<Finding[]> {
  const source = await readVercelFile(path, root);
  const findings = [...source.findings];
  if (source.value !== undefined) {
    const files = await readProjectFiles(dirname(resolve(root, path)));
    // A file without its project says nothing of what it matches.
    const project = files.length === 0 ? null : files;
    lintVercel(source.value, { ...context, files: project }, (issue) => findings.push(source.locate(issue)));
  }
  return findings.sort((a, b) => a.line - b.line || a.col - b.col || a.code.localeCompare(b.code));
}
