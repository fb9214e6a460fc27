import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { formatFindings } from './format.ts';
import { loadConfig } from './load.ts';

const FOLDER = fileURLToPath(new URL('./testdata/', import.meta.url));
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yml'));

/** The findings that a file is expected to have: the comment lines at its top, `# line:col CODE message — suggestion`. */
function expected(text: string): string[] {
  const lines = text.split('\n');
  return lines
    .slice(
      0,
      lines.findIndex((line) => !line.startsWith('# ')),
    )
    .map((line) => line.slice(2));
}

describe('one file for each mistake', () => {
  test.each(files)('%s', (name) => {
    const { config, findings } = loadConfig({ path: name, env: {}, cwd: FOLDER });
    const lines = formatFindings(findings).split('\n').slice(0, -1);
    expect(lines.map((line) => line.replace(`${name}:`, ''))).toEqual(expected(readFileSync(FOLDER + name, 'utf8')));
    for (const code of name.match(/[EWI]\d{3}/g) ?? []) expect(findings.map((finding) => finding.code)).toContain(code);
    expect(config === undefined).toBe(/E1\d\d|E302/.test(name));
  });

  const codes = codesOfTheLinter();

  test('every code of the linter has a file', () => {
    const covered = new Set(files.flatMap((name) => name.match(/[EWI]\d{3}/g) ?? []));
    expect(codes.filter((code) => !covered.has(code))).toEqual([]);
  });

  test('every code is explained in the reference', () => {
    const page = readFileSync(
      fileURLToPath(new URL('../../../../docs/reference/findings.md', import.meta.url)),
      'utf8',
    );
    expect(page.match(/^\| [EWI]\d{3}/gm)?.map((cell) => cell.slice(2))).toEqual(codes);
  });
});

/** The codes that stand in the sources. */
function codesOfTheLinter(): string[] {
  const sources = [
    'config',
    'care/backup',
    'observe/uptime',
    'respond/alerting',
    'respond/notify',
    'respond/oncall',
    'respond/slo',
    'respond/windows',
    'lib',
  ].flatMap((folder) => {
    const path = fileURLToPath(new URL(`../${folder}/`, import.meta.url));
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    );
    return names.map((name) => readFileSync(path + name, 'utf8'));
  });
  const order = (code: string) => 'EWI'.indexOf(code[0] as string) * 1_000 + Number(code.slice(1));
  const codes = new Set(sources.join('\n').match(/(?<=')[EWI][123]\d\d(?=')/g));
  return [...codes].sort((a, b) => order(a) - order(b));
}
