import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Analysis, checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const sdk = join(root, 'packages/node');
const ENTRIES = [
  '.',
  './health',
  './express',
  './fetch',
  './http',
  './next',
  './next/proxy',
  './cron',
  './server',
  './security',
];
const nameOf = (entry: string) => `@yumops/node${entry.slice(1)}`;

let project: string;
const run = (command: string, args: string[]) =>
  execFileSync(command, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'yumops-pack-'));
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', project], { cwd: sdk, stdio: 'ignore' });
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz')) as string;
  writeFileSync(join(project, 'package.json'), '{"name":"consumer","private":true,"type":"module"}');
  run('npm', ['install', '--ignore-scripts', '--offline', '--no-audit', '--no-fund', `./${tarball}`]);
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the packed tarball in an empty project', () => {
  it('brings nothing else along and stays small', () => {
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['@yumops']);
    expect(readdirSync(join(project, 'node_modules/@yumops'))).toEqual(['node']);
    const manifest = JSON.parse(readFileSync(join(project, 'node_modules/@yumops/node/package.json'), 'utf8'));
    expect(manifest.dependencies).toBeUndefined();
    const files = readdirSync(join(project, 'node_modules/@yumops/node'), { recursive: true, withFileTypes: true });
    const sizes = files.filter((file) => file.isFile()).map((file) => statSync(join(file.parentPath, file.name)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300 * 1024);
  });

  it('has every entry for import and for require, and nothing starts by loading them', () => {
    writeFileSync(
      join(project, 'esm.mjs'),
      `${ENTRIES.map((entry, i) => `import * as m${i} from '${nameOf(entry)}';`).join('\n')}\nconsole.log(JSON.stringify([${ENTRIES.map((_, i) => `Object.keys(m${i})`)}]));`,
    );
    writeFileSync(
      join(project, 'cjs.cjs'),
      `console.log(JSON.stringify([${ENTRIES.map((entry) => `Object.keys(require('${nameOf(entry)}')).sort()`)}]));`,
    );
    const esm = JSON.parse(run(process.execPath, ['esm.mjs'])) as string[][];
    const cjs = JSON.parse(run(process.execPath, ['cjs.cjs'])) as string[][];
    expect(cjs).toEqual(esm);
    expect(esm[0]).toEqual(
      expect.arrayContaining(['HealthMonitor', 'createLogger', 'logger', 'registerPool', 'start', 'withContext']),
    );
    expect(esm[5]).toEqual(expect.arrayContaining(['onRequestError', 'register', 'withProxyLog', 'withRequestLog']));
    expect(esm[8]).toEqual(esm[0]);
    expect(esm[9]).toEqual(['SecurityMonitor', 'security']);
  });

  it('shares one state between import and require', () => {
    writeFileSync(
      join(project, 'both.mjs'),
      `import { createRequire } from 'node:module';
       import { configure, logger, withContext } from '@yumops/node';
       import { SecurityMonitor } from '@yumops/node/security';
       const other = createRequire(import.meta.url)('@yumops/node/server');
       if (other.logger !== logger || other.SecurityMonitor !== SecurityMonitor) throw new Error('loaded twice');
       configure({ service: 'both' });
       withContext({ requestId: 'shared-1' }, () => other.logger.info('from the other copy'));`,
    );
    expect(JSON.parse(run(process.execPath, ['both.mjs']))).toMatchObject({
      service: 'both',
      requestId: 'shared-1',
      message: 'from the other copy',
    });
  });

  it.each(['esm', 'cjs'] as const)('works inside a bundle of format %s', async (format) => {
    const text = `import { logger } from '@yumops/node'; import pinoTransport, { pinoDestination } from '@yumops/node/pino';
      import { withRequestLog } from '@yumops/node/fetch';
      logger.info('bundled', { kinds: [pinoTransport, pinoDestination, withRequestLog].map((one) => typeof one) });`;
    const entryPoint = { contents: text, resolveDir: project, sourcefile: 'source.mjs' };
    const outfile = `app.${format === 'esm' ? 'mjs' : 'cjs'}`;
    // What a bundle of ES modules needs for any package that calls `require`.
    const banner = {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    };
    await build({
      ...{ stdin: entryPoint, bundle: true, platform: 'node', format, outfile: join(project, outfile) },
      ...(format === 'esm' ? { banner } : {}),
    });
    expect(JSON.parse(run(process.execPath, [outfile]))).toMatchObject({
      message: 'bundled',
      kinds: ['function', 'function', 'function'],
    });
  });

  it('gives the edge runtime and browsers files without Node', () => {
    const manifest = JSON.parse(readFileSync(join(project, 'node_modules/@yumops/node/package.json'), 'utf8'));
    const files = [
      manifest.exports['./next']['edge-light'].default,
      manifest.exports['./next/proxy'].import.default,
      manifest.exports['./react'].import.default,
    ];
    const folder = join(project, 'node_modules/@yumops/node');
    const chunks = readdirSync(join(folder, 'lib/esm')).filter((name) => name.startsWith('edge-'));
    for (const file of [...files, ...chunks.map((name) => `lib/esm/${name}`)]) {
      // They share chunks among themselves.
      const text = readFileSync(join(folder, file), 'utf8').replace(/\bimport\{[^}]*\}from"\.\/edge-\w+\.js";/g, '');
      expect(text).not.toMatch(/\bimport\b|require\(|node:|process\./);
    }
  });

  it('has declarations that fit what each way of loading it finds', async () => {
    const tarball = readdirSync(project).find((name) => name.endsWith('.tgz')) as string;
    const { types, ...found } = (await checkPackage(
      createPackageFromTarballData(readFileSync(join(project, tarball))),
    )) as Analysis;
    expect(types).toBeTruthy();
    // Resolution of before 2021 knows no entries beside the first one.
    const problems = found.problems.filter(
      (problem) => !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
    );
    expect(problems).toEqual([]);
  });

  it('type-checks in strict projects, as ESM and as CommonJS', () => {
    const body = `
      const log: Logger = createLogger({ service: 'shop', level: 'debug' });
      log.info('message', { userId: 'u1' });
      log.info({ userId: 'u1' }, 'message');
      log.error('failed', new Error('x'), { a: 1 });
      log.securityEvent('failed_authentication', 'high', { ip: '203.0.113.9' });
      const monitor = new HealthMonitor({ externalApis: [{ name: 'pay', url: 'https://pay.test', acceptedStatuses: [401] }] });
      monitor.addCheck('queue', async (signal) => !signal.aborted);
      monitor.addCheck('nothing', async () => {});
      const attempt: LoginAttempt = { ok: true, account: 'a@b.test', ua: 'curl/8' };
      security.trackLogin(attempt).then(() => captureException(new Error('x')));
      export const GET: (request: Request) => Promise<Response> = health({ monitor, checks: [queueLagCheck({ lag: () => 1 })] }).detailed;
      export const POST = withRequestLog(async (request: Request, context: { params: Promise<{ id: string }> }) => Response.json(await context.params));
      export const proxied = withProxyLog(async (request: Request) => undefined);`;
    const names = [
      ['{ createLogger, type Logger }', '@yumops/node'],
      ['{ health, HealthMonitor, queueLagCheck }', '@yumops/node/health'],
      ['{ type LoginAttempt, security }', '@yumops/node/security'],
      ['{ captureException }', '@yumops/node/server'],
      ['{ withRequestLog }', '@yumops/node/next'],
      ['{ withProxyLog }', '@yumops/node/next/proxy'],
    ];
    const imports = names.map(([what, from]) => `import ${what} from '${from}';`).join('\n');
    writeFileSync(join(project, 'consumer.mts'), `${imports}\n${body}`);
    writeFileSync(join(project, 'consumer.cts'), `${imports}\n${body}`);
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          exactOptionalPropertyTypes: true,
          module: 'NodeNext',
          target: 'ES2023',
          lib: ['ES2023', 'DOM', 'DOM.Iterable'],
          noEmit: true,
          types: ['node'],
          typeRoots: [join(root, 'node_modules/@types')],
        },
        files: ['consumer.mts', 'consumer.cts'],
      }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    expect(existsSync(tsc)).toBe(true);
    expect(() => run(process.execPath, [tsc, '-p', '.'])).not.toThrow();
  });
});
