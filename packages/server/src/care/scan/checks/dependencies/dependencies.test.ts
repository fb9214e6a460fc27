import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DependenciesConfig, dependenciesCheck } from './index.ts';
import { readLockfile } from './lockfile.ts';
import { isAffected, type OsvRecord } from './osv.ts';
import { type StrictRegistry, startStrictRegistry } from './strict-registry.ts';

const NOW = Date.UTC(2026, 10, 30);
const NPM = {
  name: 'shop',
  lockfileVersion: 3,
  packages: {
    '': { name: 'shop', version: '1.0.0' },
    'packages/own': { name: '@shop/own', version: '1.0.0' },
    'node_modules/@shop/own': { resolved: 'packages/own', link: true },
    'node_modules/lodash': { version: '4.17.20', resolved: 'https://registry.npmjs.org/lodash/-/lodash-4.17.20.tgz' },
    'node_modules/mkdirp/node_modules/minimist': { version: '0.0.8', dev: true },
    'node_modules/minimist': { version: '1.2.8' },
    'node_modules/alias': { name: '@scope/real', version: '2.0.0' },
    'node_modules/forked': { version: '1.0.0', resolved: 'git+ssh://git@github.com/a/b.git#c0ffee' },
  },
};
const CLEAN = { lockfileVersion: 3, packages: { 'node_modules/minimist': { version: '1.2.8' } } };
const MINIMIST: OsvRecord = {
  id: 'GHSA-xvch-5gv4-984h',
  summary: 'Prototype Pollution in minimist',
  modified: '2026-11-28T00:00:00Z',
  affected: [
    {
      package: { ecosystem: 'npm', name: 'minimist' },
      ranges: [
        { type: 'SEMVER', events: [{ introduced: '1.0.0' }, { fixed: '1.2.6' }] },
        { type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '0.2.4' }] },
      ],
    },
  ],
  database_specific: { severity: 'CRITICAL' },
};

let folder: string;
let registry: StrictRegistry;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-dependencies-'));
  registry = await startStrictRegistry({
    lodash: [
      {
        ...{ id: 1_106_913, url: 'https://github.com/advisories/GHSA-35jh-r3h4-6jhm', severity: 'high' },
        ...{ title: 'Command Injection in lodash', vulnerable_versions: '<4.17.21' },
      },
    ],
    minimist: [
      {
        ...{ id: 1_097_678, url: 'https://github.com/advisories/GHSA-xvch-5gv4-984h', severity: 'critical' },
        ...{ title: 'Prototype Pollution in minimist', vulnerable_versions: '<0.2.4' },
      },
    ],
  });
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(NPM));
  await writeFile(join(folder, 'clean-lock.json'), JSON.stringify(CLEAN));
  const records = { 'GHSA-xvch-5gv4-984h.json': Buffer.from(JSON.stringify(MINIMIST)), 'README.txt': Buffer.from('x') };
  await writeFile(join(folder, 'all.zip'), zipSync(records));
  await writeFile(join(folder, 'old.json'), JSON.stringify([{ ...MINIMIST, modified: '2025-01-01T00:00:00Z' }]));
  await writeFile(join(folder, 'lines.json'), `${JSON.stringify(MINIMIST)}\n${JSON.stringify(MINIMIST)}\n`);
  await writeFile(join(folder, 'empty.zip'), 'this is no zip');
});

afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

const check = (changes: Partial<DependenciesConfig>) =>
  dependenciesCheck(() => ({
    ...{ root: folder, lockfiles: ['package-lock.json'], registry: registry.url, advisories: null, ...changes },
  })).run({ now: NOW, signal: new AbortController().signal });

describe('a lockfile', () => {
  test('of npm gives what comes from a registry, under its own name', () => {
    expect(readLockfile('package-lock.json', JSON.stringify(NPM))).toEqual([
      { name: 'lodash', version: '4.17.20', dev: false },
      { name: 'minimist', version: '0.0.8', dev: true },
      { name: 'minimist', version: '1.2.8', dev: false },
      { name: '@scope/real', version: '2.0.0', dev: false },
    ]);
  });

  test.each([
    ["'9.0'", '@scope/real@2.0.0: {resolution: {integrity: sha512-x}}'],
    ["'6.0'", '/@scope/real@2.0.0(react@18.0.0): {resolution: {integrity: sha512-x}, dev: false}'],
  ])('of pnpm, version %s', (version, entry) => {
    const text = `lockfileVersion: ${version}\npackages:\n  '${entry.slice(0, entry.indexOf(': '))}': {}\n  forked@https://codeload.github.com/a/b: {}\n`;
    expect(readLockfile('pnpm-lock.yaml', text)).toEqual([{ name: '@scope/real', version: '2.0.0', dev: false }]);
  });

  test.each([
    ['yarn.lock', '', 'lockfile_unknown'],
    ['package-lock.json', '{"lockfileVersion": 1}', 'lockfile_broken'],
    ['package-lock.json', '{', 'lockfile_broken'],
    ['pnpm-lock.yaml', "lockfileVersion: '5.4'", 'lockfile_broken'],
  ])('%s with %j is refused as %s', (path, text, code) => {
    expect(() => readLockfile(path, text)).toThrow(expect.objectContaining({ code }));
  });
});

test('the registry is asked for names and versions, and each weakness is one finding', async () => {
  const { findings, looked } = await check({});
  expect(registry.asked.at(-1)).toEqual({
    lodash: ['4.17.20'],
    minimist: ['0.0.8', '1.2.8'],
    '@scope/real': ['2.0.0'],
  });
  expect(findings.map(({ object, severity }) => [object, severity])).toEqual([
    ['lodash GHSA-35jh-r3h4-6jhm', 'high'],
    ['minimist GHSA-xvch-5gv4-984h', 'critical'],
  ]);
  expect(findings[1]?.message).toBe('minimist 0.0.8: Prototype Pollution in minimist.');
  expect(findings[1]?.evidence).toContain('needed for development alone');
  expect(looked).toContain(`4 packages of package-lock.json against the registry 127.0.0.1`);
});

test('packages without a known weakness are silent', async () => {
  expect((await check({ lockfiles: ['clean-lock.json'] })).findings).toEqual([]);
});

test.each(['all.zip', 'lines.json'])('%s says the same without a registry, and how old it is', async (advisories) => {
  const { findings, looked } = await check({ registry: null, advisories });
  expect(findings.map(({ object, severity }) => [object, severity])).toEqual([
    ['minimist GHSA-xvch-5gv4-984h', 'critical'],
  ]);
  expect(findings[0]?.fix).toContain('Raise minimist to 0.2.4 or later');
  expect(looked).toContain('the newest 2 d old');
});

test('an old export says that it knows nothing of what is new', async () => {
  const { findings } = await check({ registry: null, advisories: 'old.json', lockfiles: ['clean-lock.json'] });
  expect(findings).toMatchObject([{ code: 'advisories_old', severity: 'unknown' }]);
});

test('a registry that fails gives way to the file on disk, and the report says so', async () => {
  registry.status = 503;
  const { findings, looked } = await check({ advisories: 'all.zip' });
  registry.status = 200;
  expect(findings).toHaveLength(1);
  expect(looked).toContain('it answered 503');
});

test.each<[string, Partial<DependenciesConfig>, string]>([
  ['nobody answers', { registry: 'http://127.0.0.1:1' }, 'could not be asked'],
  ['it is no registry', { registry: 'http://127.0.0.1:1/mirror', advisories: 'empty.zip' }, 'cannot be read'],
  ['no source is named', { registry: null }, 'no source of advisories'],
  ['the lockfile is missing', { lockfiles: ['gone/package-lock.json'] }, 'there is no'],
])('%s: unknown, with what to do', async (_, changes, text) => {
  const { findings } = await check(changes);
  expect(findings).toMatchObject([{ severity: 'unknown' }]);
  expect(findings[0]?.message).toContain(text);
  expect(findings[0]?.fix).not.toBe('');
});

test.each([
  ['1.2.5', true],
  ['1.2.6', false],
  ['0.2.3', true],
  ['0.2.4', false],
  ['2.0.0', false],
  ['1.0.0-rc.1', false],
])('%s is affected: %s', (version, affected) => {
  expect(isAffected(version, MINIMIST.affected?.[0] ?? {})).toBe(affected);
});

test('last_affected is affected itself, and a withdrawn record says nothing', async () => {
  const events = [{ introduced: '0' }, { last_affected: '2.0.0' }];
  const affected = { ranges: [{ type: 'SEMVER', events }] };
  expect(['2.0.0', '2.0.1'].map((version) => isAffected(version, affected))).toEqual([true, false]);
  await writeFile(join(folder, 'withdrawn.json'), JSON.stringify({ ...MINIMIST, withdrawn: '2026-11-29T00:00:00Z' }));
  expect((await check({ registry: null, advisories: 'withdrawn.json' })).findings).toEqual([]);
});
