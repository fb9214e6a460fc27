import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const TOP = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];

function markdownBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

const pages = [...TOP, ...markdownBelow('docs')];
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

/** The anchor that a heading gets: lower case, without punctuation, spaces as dashes. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsOf = (page: string) => [...textOf(page).matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1] ?? ''));

/** Links of a page that lead to something wrong; those of actions are what runbooks have for buttons. */
function deadLinks(page: string): string[] {
  const links = [...textOf(page).matchAll(/\]\((?!https?:|mailto:|action:)([^)\s]*)\)/g)].map(
    (match) => match[1] ?? '',
  );
  return links.filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : relative(root, join(root, dirname(page), path));
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
}

/** Paths in backticks that begin with a folder of the repository, or of the server in the tables about it. */
function missingPaths(page: string): string[] {
  const roots = ['packages', 'docs', 'examples', 'testdata', 'bench', 'scripts', 'test', 'src', 'sql'];
  const named = [...textOf(page).matchAll(/`([\w.@-]+(?:\/[\w.@-]+)+\/?)`/g)].map((match) => match[1] ?? '');
  return named
    .filter((path) => roots.includes(path.split('/')[0] ?? ''))
    .filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, 'packages/server', path)));
}

const yumops = (...args: string[]) =>
  execFileSync(process.execPath, [join(root, 'packages/server/bin/yumops.js'), ...args], { encoding: 'utf8' });

test.each(pages)('%s has no dead link', (page) => {
  expect(deadLinks(page)).toEqual([]);
});

test.each(pages)('%s names only files that exist', (page) => {
  expect(missingPaths(page)).toEqual([]);
});

test('every command that the pages name exists', () => {
  const commands = [...yumops('--help').matchAll(/^ {2}([\w-]+) {2}/gm)].map((match) => match[1]);
  expect(commands).toContain('start');
  const named = [...TOP, ...markdownBelow('docs/guide'), ...markdownBelow('docs/reference')].flatMap((page) =>
    [...textOf(page).matchAll(/(?:`|npx )yumops ([a-z]+(?:-[a-z]+)*)/g)].map((match) => ({ page, command: match[1] })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ command }) => !commands.includes(command))).toEqual([]);
});

test('every script that the pages name exists', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  const named = [...TOP, ...markdownBelow('docs/guide')].flatMap((page) =>
    [...textOf(page).matchAll(/npm (?:run )?(start|test|check|build|bench|soak|matrix|format)\b/g)].map(
      (m) => m[1] ?? '',
    ),
  );
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test('every error code of the troubleshooting table is thrown somewhere', () => {
  const folder = join(root, 'packages/server/src');
  const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const table = textOf('docs/guide/00-operating-yumops.md').split('## Troubleshooting')[1] ?? '';
  const codes = [...table.matchAll(/^\| (`[^|]+)\|/gm)].flatMap((row) =>
    [...(row[1] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1] ?? ''),
  );
  expect(codes.length).toBeGreaterThan(10);
  expect(codes.filter((code) => !source.includes(`'${code}'`))).toEqual([]);
});

/** Names in quotes behind the path of a test file in a table, and keys behind that of a result, that are not in the file. */
function missingProofs(page: string): string[] {
  const missing: string[] = [];
  for (const [line] of textOf(page).matchAll(/^\|.*\|$/gm)) {
    let text = '';
    let keys: unknown;
    for (const [, path, name, key] of line.matchAll(
      /`([\w.-]+\/[\w./-]+\.(?:test\.ts|json))`|"([^"]+)"|`(\w+(?:\.\w+)*)`/g,
    )) {
      if (path !== undefined) {
        text = textOf(path);
        keys = path.endsWith('.json') ? JSON.parse(text) : undefined;
      }
      if (name !== undefined && !text.includes(name)) missing.push(name);
      if (key !== undefined && keys !== undefined && valueAt(keys, key) === undefined) missing.push(key);
    }
  }
  return missing;
}

const valueAt = (value: unknown, path: string) =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);

test.each(pages.filter((page) => page.endsWith('-tests.md') && page.includes('reference')))(
  '%s names tests and figures that there are',
  (page) => {
    expect(missingProofs(page)).toEqual([]);
  },
);
