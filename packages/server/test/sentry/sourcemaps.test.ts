import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ErrorEventDetail } from '@yumops/protocol';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestState, startTestTelemetry, type TestState, type TestTelemetry } from '../engines.ts';
import { envelope, errorEvent, newId, type SentryRig, startSentryRig } from '../support/sentry-rig.ts';

let store: TestTelemetry;
let state: TestState;
let rig: SentryRig;
let folder: string;

const SOURCE = `
function priceOf(line: { price?: { amount: number } }) {
  return line.price!.amount;
}
const sum = (lines: object[]) => lines.map((line) => priceOf(line)).length;
export function run() {
  return sum([{}]);
}
(globalThis as { run?: () => number }).run = run;
`;

beforeAll(async () => {
  [store, state] = await Promise.all([startTestTelemetry(), startTestState()]);
  rig = await startSentryRig(store.telemetry, state.db);
  folder = await mkdtemp(join(tmpdir(), 'yumops-test-maps-'));
  await writeFile(join(folder, 'app.ts'), SOURCE);
  const shared = {
    entryPoints: [join(folder, 'app.ts')],
    bundle: true,
    minify: true,
    format: 'iife' as const,
    logLevel: 'error' as const,
  };
  await build({ ...shared, sourcemap: true, outfile: join(folder, 'dist', 'static', 'app.js') });
});

afterAll(async () => {
  await rig?.stop();
  await store?.stop();
  await state?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'yumops.js');
const yumops = (...args: string[]) => {
  const env = { PATH: process.env.PATH, YUMOPS_ADMIN_TOKEN: 'any-token-of-the-operator' };
  return promisify(execFile)(process.execPath, [BIN, ...args], { env, cwd: folder });
};

/** Runs the built script and reads the frames of what it throws, as a browser's SDK would. */
async function framesOf(
  script: string,
): Promise<{ abs_path: string; function: string; lineno: number; colno: number }[]> {
  const code = `require(${JSON.stringify(script)}); try { run(); } catch (error) { console.log(JSON.stringify({ stack: error.stack, ids: globalThis._sentryDebugIds })); }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code]);
  const { stack } = JSON.parse(stdout) as { stack: string };
  return [...stack.matchAll(/at (?:(\S+) )?\(?(\/[^:)]+):(\d+):(\d+)\)?/g)]
    .map(([, name = '?', path = '', line, column]) => ({
      abs_path: path,
      function: name,
      lineno: Number(line),
      colno: Number(column),
    }))
    .filter(({ abs_path: path }) => path === script)
    .reverse();
}

async function mapped(event: Record<string, unknown>, id: string): Promise<ErrorEventDetail> {
  await rig.send(envelope({ event_id: id }, ['event', event]));
  await rig.rows('SELECT 1 FROM error_events WHERE eventId = {id:String}', { id });
  return rig.get<ErrorEventDetail>(`/api/v1/events/${id}`);
}

it('the command gives scripts debug ids, uploads the maps, and errors of the build show the source', async () => {
  const dist = join(folder, 'dist');
  const script = join(dist, 'static', 'app.js');
  const { stdout } = await yumops(
    'sourcemaps',
    'upload',
    dist,
    '--url',
    rig.url,
    '--release',
    'web@4.0.0',
    '--remove',
    '--json',
  );
  const { uploaded } = JSON.parse(stdout) as { uploaded: { debugId: string; injected: boolean }[] };
  expect(uploaded).toMatchObject([{ injected: true }]);
  const debugId = uploaded[0]?.debugId as string;
  expect(await readFile(script, 'utf8')).toContain(`//# debugId=${debugId}`);
  expect(await readdir(join(dist, 'static'))).toEqual(['app.js']);
  const frames = await framesOf(script);
  expect(frames.length).toBeGreaterThan(2);
  const exception = { values: [{ type: 'TypeError', value: 'x', stacktrace: { frames } }] };
  const byId = newId();
  const debugMeta = { images: [{ type: 'sourcemap', code_file: script, debug_id: debugId }] };
  const shown = await mapped(errorEvent(byId, { exception, debug_meta: debugMeta }), byId);
  expect(shown.frames.at(-1)).toMatchObject({
    filename: expect.stringMatching(/app\.ts$/),
    function: 'priceOf',
    lineno: 3,
    context_line: '  return line.price!.amount;',
  });
  expect(shown.frames[0]).toMatchObject({ function: 'run', lineno: 7 });
  const byRelease = newId();
  const named = frames.map((frame) => ({ ...frame, abs_path: 'https://shop.example/static/app.js?v=1' }));
  const event = errorEvent(byRelease, {
    release: 'web@4.0.0',
    exception: { values: [{ type: 'TypeError', value: 'x', stacktrace: { frames: named } }] },
  });
  expect((await mapped(event, byRelease)).frames.at(-1)).toMatchObject({ function: 'priceOf', lineno: 3 });
});

it('an empty folder is a finding, a missing one and a broken map are errors', async () => {
  const empty = await mkdtemp(join(folder, 'empty-'));
  await expect(yumops('sourcemaps', 'upload', empty, '--url', rig.url)).rejects.toMatchObject({ code: 1 });
  await expect(yumops('sourcemaps', 'upload', join(folder, 'nowhere'), '--url', rig.url)).rejects.toMatchObject({
    stderr: expect.stringContaining('There is no folder'),
  });
  await writeFile(join(empty, 'a.js'), 'x()\n');
  await writeFile(join(empty, 'a.js.map'), '{"version":2}');
  await expect(yumops('sourcemaps', 'upload', empty, '--url', rig.url)).rejects.toMatchObject({
    stderr: expect.stringContaining('no source map of version 3'),
  });
});
