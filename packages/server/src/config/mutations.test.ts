import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig, refuses } from './load.ts';

const GUIDE = fileURLToPath(new URL('../../../../testdata/guide/', import.meta.url));
const TEXT = ['alert-rules.yml', 'uptime-monitoring.yml'].map((name) => readFileSync(GUIDE + name, 'utf8')).join('\n');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-mutations-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const piece = fc.constantFrom(
  '"',
  "'",
  ':',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '\n',
  '\t',
  '  ',
  '*x',
  '&x ',
  '<<: ',
  '!!set ',
  '#',
  '? ',
  '| ',
  'null',
  '1e9',
  '$',
  '\u0000',
  'é',
  '---\n',
  '%',
);
const edit = fc.record({
  at: fc.nat(TEXT.length),
  remove: fc.nat(40),
  insert: fc.oneof(piece, fc.string({ maxLength: 5 })),
});

test('no edit of the files makes the loader throw, point outside of the file, or refuse without a word', () => {
  const path = join(folder, 'mutated.yml');
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const text = edits.reduce(
        (rest, { at, remove, insert }) => rest.slice(0, at) + insert + rest.slice(at + remove),
        TEXT,
      );
      writeFileSync(path, text);
      const { config, findings } = loadConfig({ path, env: {}, cwd: folder });
      const lines = readFileSync(path, 'utf8').split('\n').length;
      for (const { file, line, col, message } of findings) {
        expect(file).toBe('mutated.yml');
        expect(line).toBeGreaterThan(0);
        expect(line).toBeLessThanOrEqual(lines);
        expect(col).toBeGreaterThan(0);
        expect(message).not.toBe('');
      }
      expect(config === undefined).toBe(findings.some(refuses));
    }),
    { numRuns: 300 },
  );
});
