import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { afterAll, expect, test } from 'vitest';
import { sourceStack } from './source-stack.ts';

const folder = mkdtempSync(join(tmpdir(), 'yumops-stack-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function withStack(...places: string[]): Error {
  const error = new Error('no such row');
  error.stack = ['Error: no such row', ...places.map((place) => `    at find (${place})`)].join('\n');
  return error;
}

test('a stack names the lines of the sources where maps lie beside the compiled files', () => {
  const source =
    '/** Docstring of the type,\n * that is not compiled. */\ninterface Row { id: string }\n\nthrow new Error("x");\n';
  const { code, map } = transformSync(source, { loader: 'ts', sourcemap: true, sourcefile: '../../src/find.ts' });
  mkdirSync(join(folder, 'dist/bundle'), { recursive: true });
  writeFileSync(join(folder, 'dist/bundle/find.js.map'), map);
  const line = code.split('\n').findIndex((text) => text.startsWith('throw')) + 1;
  const compiled = pathToFileURL(join(folder, 'dist/bundle/find.js')).href;
  const unmapped = `${pathToFileURL(join(folder, 'dist/bundle/other.js')).href}:3:5`;
  const stack = sourceStack(withStack(`${compiled}:${line}:7`, unmapped, 'node:fs:12:3'));
  expect(stack.split('\n')).toEqual([
    'Error: no such row',
    `    at find (${join(folder, 'src/find.ts')}:5:7)`,
    `    at find (${unmapped})`,
    '    at find (node:fs:12:3)',
  ]);
});

test('a place stays as it is where a map names no file', () => {
  mkdirSync(join(folder, 'dist'), { recursive: true });
  const { map } = transformSync('throw new Error("x");', { sourcemap: true, sourcefile: 'find.ts' });
  const sources = ['webpack:///src/find.ts', 'file://host/src/find.ts', 'http://['];
  const places = sources.map((source, index) => {
    const path = join(folder, `dist/other-${index}.js`);
    writeFileSync(`${path}.map`, JSON.stringify({ ...JSON.parse(map), sources: [source] }));
    return `${pathToFileURL(path).href}:1:7`;
  });
  const error = withStack(...places);
  expect(sourceStack(error)).toBe(error.stack);
});
