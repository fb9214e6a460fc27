import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import { createProbeToken } from '../../src/access/probe-tokens.ts';
import type { Guard } from '../../src/http/access.ts';
import { checkFileRoutes } from '../../src/http/check-files.ts';
import { probeRoutes } from '../../src/http/probes.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { YumOpsError } from '../../src/lib/errors.ts';
import { createProbeDesk } from '../../src/observe/uptime/agent/desk.ts';
import { createEvidenceFiles } from '../../src/observe/uptime/evidence/evidence-files.ts';
import { httpMonitor } from '../../src/observe/uptime/testing/monitors.ts';
import { DirectoryBlobStore } from '../../src/store/blob/directory.ts';
import { startTestState, type TestState } from '../engines.ts';
import { silent } from './agent-rig.ts';

const PICTURE = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47]), Buffer.alloc(2_000, 7)]);
const RECORDING = Buffer.concat([Buffer.from([0x50, 0x4b, 0x03, 0x04]), Buffer.alloc(3_000, 9)]);
const VIEWER = { authorization: 'Bearer viewer' };

let folder: string;
let state: TestState;
let app: FastifyInstance;
const tokens = new Map<string, string>();

/** One viewer; nobody is an administrator. */
const guard: Guard = (role) => async (request) => {
  if (request.headers.authorization !== VIEWER.authorization) {
    throw new YumOpsError('unauthenticated', 'This needs a session or an API token.', { status: 401 });
  }
  if (role !== 'viewer') throw new YumOpsError('forbidden', `This needs the role ${role}.`, { status: 403 });
  request.reach = null;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-evidence-'));
  state = await startTestState();
  const monitors = [httpMonitor('https://yumzoom.app/', { locations: ['fra'], quorum: 1 })];
  const settings = () => ({ location: 'local', targets: {}, referenceTargets: [], generation: 1 });
  const uptime = { monitors: () => monitors, report: async () => undefined, settings };
  const world = { db: state.db, clock: systemClock };
  const desk = createProbeDesk({ ...world, log: silent, audit, uptime });
  const files = createEvidenceFiles(async () => new DirectoryBlobStore(join(folder, 'blobs')), systemClock);
  app = await createHttpServer({ log: silent, version: '0.0.0' });
  checkFileRoutes(app, { files, guard });
  probeRoutes(app, { ...world, guard, desk, evidence: files });
  for (const location of ['fra', 'syd']) {
    const { secret } = await createProbeToken(state.db, { location, actor: 'test', now: systemClock.now() });
    tokens.set(location, secret);
  }
});
afterAll(async () => {
  await app?.close();
  await state?.stop();
  await rm(folder, { recursive: true, force: true });
});

function send(payload: Buffer, query: string, authorization = `Bearer ${tokens.get('fra')}`) {
  const headers = { authorization, 'content-type': 'application/octet-stream' };
  return app.inject({ method: 'POST', url: `/api/v1/probes/files?${query}`, headers, payload });
}

const get = (name: string, headers = VIEWER) => app.inject({ url: `/api/v1/check-files/${name}`, headers });

test('what an agent recorded is kept, and served to who may look', async () => {
  for (const [kind, bytes, type, disposition] of [
    ['screenshot', PICTURE, 'image/png', /^inline$/],
    ['trace', RECORDING, 'application/zip', /^attachment; filename="[0-9a-f-]+\.zip"$/],
  ] as const) {
    const kept = await send(bytes, `monitor=api&kind=${kind}`);
    expect(kept.statusCode).toBe(201);
    expect(kept.json()).toMatchObject({ kind, bytes: bytes.length });
    const { name } = kept.json();
    const served = await get(name);
    expect(served).toMatchObject({ statusCode: 200, rawPayload: bytes });
    expect(served.headers).toMatchObject({
      'content-type': type,
      'content-disposition': expect.stringMatching(disposition),
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=86400, immutable',
    });
    expect((await get(name, { authorization: 'Bearer other' })).statusCode).toBe(401);
    expect((await get(name, { authorization: `Bearer ${tokens.get('fra')}` })).statusCode).toBe(401);
  }
});

test.each([
  'nothing',
  '0123456789abcdef-0190a0b0-0000-7000-8000-000000000000.png',
  '..%2F..%2F..%2Fetc%2Fpasswd',
  '0123456789abcdef-..%2F..%2Fsecret.png',
  '0123456789abcdef-0190a0b0-0000-7000-8000-000000000000.png%00.zip',
  '%2e%2e%2f%2e%2e%2f.yumops.key',
])('there is no file %s', async (name) => {
  const answer = await get(name);
  expect(answer.statusCode).toBe(404);
  expect(answer.json().error.code).toBe('check_file_not_found');
});

test('a name longer than any is refused', async () => {
  expect((await get('a'.repeat(101))).statusCode).toBe(400);
});

test.each<[what: string, status: number, code: string, answer: () => ReturnType<typeof send>]>([
  ['without a token', 401, 'unauthenticated', () => send(PICTURE, 'monitor=api&kind=screenshot', 'Bearer none')],
  ['by a viewer', 403, 'forbidden', () => send(PICTURE, 'monitor=api&kind=screenshot', 'Bearer viewer')],
  ['of a monitor that there is not', 404, 'monitor_not_found', () => send(PICTURE, 'monitor=other&kind=screenshot')],
  [
    'of a monitor of another place',
    404,
    'monitor_not_found',
    () => send(PICTURE, 'monitor=api&kind=screenshot', `Bearer ${tokens.get('syd')}`),
  ],
  [
    'of another place by its name',
    404,
    'monitor_not_found',
    () => send(PICTURE, 'monitor=api&kind=screenshot&location=fra', `Bearer ${tokens.get('syd')}`),
  ],
  [
    'that is not what it is said to be',
    400,
    'check_file_refused',
    () => send(RECORDING, 'monitor=api&kind=screenshot'),
  ],
  ['that is a page', 400, 'check_file_refused', () => send(Buffer.from('<script>'), 'monitor=api&kind=screenshot')],
  ['that is empty', 400, 'check_file_refused', () => send(Buffer.alloc(0), 'monitor=api&kind=screenshot')],
])('an upload %s is refused', async (_what, status, code, answer) => {
  const refused = await answer();
  expect({ status: refused.statusCode, code: refused.json().error.code }).toEqual({ status, code });
});

test('an upload of more than 24 MB is refused', async () => {
  const refused = await send(Buffer.concat([PICTURE, Buffer.alloc(24 * 1024 * 1024)]), 'monitor=api&kind=screenshot');
  expect(refused.statusCode).toBe(413);
});
