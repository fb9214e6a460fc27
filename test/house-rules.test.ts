import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'house-rules-'));
  const biome = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...biome, vcs: { enabled: false } }));
  for (const name of ['protocol', 'node', 'server', 'console']) {
    cpSync(join(root, 'packages', name, 'package.json'), join(folder, 'packages', name, 'package.json'));
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names of the rules that refuse `source` at `path`. */
function lint(path: string, source: string, neighbours: Record<string, string> = {}): string[] {
  const files = { [path]: source, ...neighbours };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const run = spawnSync(process.execPath, [biome, 'lint', '--reporter=json', path], { cwd: folder, encoding: 'utf8' });
  for (const name of Object.keys(files)) rmSync(join(folder, name));
  const report = JSON.parse(run.stdout) as { diagnostics: { category: string; severity: string }[] };
  return report.diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ category }) => category.split('/').at(-1) as string);
}

const lines = (count: number, line: string) => Array.from({ length: count }, () => line).join('\n');
const domain = 'packages/server/src/respond/alerting/planted.ts';

const violations: [rule: string, why: string, path: string, source: string][] = [
  ['noRestrictedImports', 'a domain imports an adapter', domain, "export { x } from '../../store/state/connect.ts';\n"],
  [
    'noRestrictedImports',
    'a domain imports http',
    domain,
    "export const load = () => import('../../http/server.ts');\n",
  ],
  [
    'noRestrictedImports',
    'a domain imports the inside of another',
    domain,
    "export { x } from '../oncall/shifts.ts';\n",
  ],
  [
    'noRestrictedImports',
    'a domain imports the inside of another wing',
    domain,
    "export { x } from '../../observe/uptime/judge.ts';\n",
  ],
  [
    'noRestrictedImports',
    'a domain imports a vendor',
    domain,
    "import pg from 'pg';\nexport const pool = new pg.Pool();\n",
  ],
  [
    'noRestrictedImports',
    'protocol imports something',
    'packages/protocol/src/planted.ts',
    "export { readFile } from 'node:fs/promises';\n",
  ],
  [
    'noRestrictedImports',
    'lib imports a domain',
    'packages/server/src/lib/planted.ts',
    "export { x } from '../respond/alerting/index.ts';\n",
  ],
  [
    'noRestrictedImports',
    'the SDK imports the server',
    'packages/node/src/planted.ts',
    "export { x } from 'yumops';\n",
  ],
  [
    'noUndeclaredDependencies',
    'an undeclared dependency',
    'packages/node/src/planted.ts',
    "export { x } from 'left-pad';\n",
  ],
  ['noProcessEnv', 'the environment outside config', domain, 'export const home = process.env.HOME;\n'],
  ['noExcessiveLinesPerFile', 'a file of 501 lines', domain, `${lines(501, 'export {};')}\n`],
  [
    'noExcessiveLinesPerFunction',
    'a function of 61 lines',
    domain,
    `export function f(log: () => void) {\n${lines(61, '  log();')}\n}\n`,
  ],
  [
    'noExcessiveCognitiveComplexity',
    'a function of complexity 16',
    domain,
    `export function f(n: number) {\n${lines(16, '  if (n > 1) n--;')}\n  return n;\n}\n`,
  ],
  ['noExplicitAny', 'any', domain, 'export const x = (y: any) => y;\n'],
  ['noNonNullAssertion', 'a non-null assertion', domain, 'export const x = (y: string | undefined) => y!.length;\n'],
];

test.each(violations)('%s refuses %s', (rule, _why, path, source) => {
  expect(lint(path, source)).toContain(rule);
});

test('noImportCycles refuses two files that import each other', () => {
  const other = 'packages/server/src/respond/alerting/other.ts';
  const source = "import { b } from './other.ts';\nexport const a = () => b;\n";
  expect(lint(domain, source, { [other]: "import { a } from './planted.ts';\nexport const b = () => a;\n" })).toContain(
    'noImportCycles',
  );
});

test('what a domain may import passes', () => {
  const source = [
    "import { x } from '../../lib/clock.ts';",
    "import { y } from '../oncall/index.ts';",
    "import { z } from '../../observe/uptime/index.ts';",
    "import { own } from './instance.ts';",
    'export const all = [x, y, z, own];',
    '',
  ].join('\n');
  expect(lint(domain, source)).toEqual([]);
});
