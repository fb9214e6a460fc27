import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'citty';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import { hashSecret, newSecret } from '../../src/access/secret.ts';
import { oncall } from '../../src/cli/oncall.ts';
import { onCallRoutes } from '../../src/http/oncall.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import { createOnCall } from '../../src/respond/oncall/index.ts';
import { insertOverride } from '../../src/respond/oncall/overrides.ts';
import { startTestState, type TestState } from '../engines.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

const CONFIG = `
people: [{name: ada}, {name: grace}]
schedules:
  - {name: primary, layers: [{people: [ada], start: 2026-01-01T00:00}]}
`;

let state: TestState;
let folder: string;
let output: string;

beforeAll(async () => {
  [state, folder] = await Promise.all([startTestState(), mkdtemp(join(tmpdir(), 'yumops-oncall-'))]);
  await writeFile(join(folder, 'yumops.yml'), CONFIG);
  const day = { start: Date.UTC(2026, 2, 25), end: Date.UTC(2026, 2, 26) };
  const override = { schedule: 'primary', person: 'grace', swap: null, ...day };
  await insertOverride(state.db, override, { actor: 'ada', now: Date.UTC(2026, 2, 1) });
});

afterAll(async () => {
  await state?.stop();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  output = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += text;
    return true;
  });
});

async function people(): Promise<string[]> {
  const rawArgs = ['--config', folder, '--data', folder, '--from', '2026-03-24', '--to', '2026-03-28', '--json'];
  await runCommand(oncall, { rawArgs });
  return JSON.parse(output).shifts.map(({ person }: { person: string }) => person);
}

test('without a state store the configuration alone counts', async () => {
  expect(await people()).toEqual(['ada']);
});

test('the overrides of the state store are added', async () => {
  vi.stubEnv('YUMOPS_STATE_URL', state.url);
  expect(await people()).toEqual(['ada', 'grace', 'ada']);
  vi.unstubAllEnvs();
});

test('while a platform runs it is asked', async () => {
  const app = await createHttpServer({ log: silent, version: '0.0.0' });
  const secrets = { create: newSecret, hash: hashSecret };
  const sendCode = async () => ({ outcome: 'sent', answer: '' }) as const;
  const config = () => ({ people: [], schedules: [] });
  const onCall = createOnCall({ db: state.db, config, audit, secrets, sendCode, sendTest: sendCode });
  onCallRoutes(app, { onCall, guard: () => async () => {}, clock: systemClock, publicUrl: 'http://127.0.0.1' });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await writeFile(join(folder, 'run.json'), JSON.stringify({ pid: process.pid, url, token: 'token' }));
  expect(await people()).toEqual(['ada', 'grace', 'ada']);
  await rm(join(folder, 'run.json'));
  await app.close();
});
