import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { audit } from '../../src/access/audit.ts';
import { createProbeToken } from '../../src/access/probe-tokens.ts';
import { probeRoutes } from '../../src/http/probes.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { YumOpsError } from '../../src/lib/errors.ts';
import type { Log } from '../../src/lib/log.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import { createProbeDesk, type ProbeDesk } from '../../src/observe/uptime/agent/desk.ts';
import { createEvidenceFiles, type EvidenceFiles } from '../../src/observe/uptime/evidence/evidence-files.ts';
import { noJourneys, noPostgres } from '../../src/observe/uptime/testing/monitors.ts';
import { createUptime, type Uptime } from '../../src/observe/uptime/uptime.ts';
import { DirectoryBlobStore } from '../../src/store/blob/directory.ts';
import { startTestState, type TestState } from '../engines.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** The platform's half of probe agents on a port, and agents as real processes. */
export interface AgentRig {
  state: TestState;
  uptime: Uptime;
  desk: ProbeDesk;
  files: EvidenceFiles;
  url: string;
  /** Check rows in the order in which they were stored. */
  rows: TelemetryRow[];
  transitions: string[];
  /** While true every request of an agent gets 503. */
  away: boolean;
  /** @param prefix of the command; @param buffer name of its folder, default the place */
  startAgent(location: string, options?: { prefix?: string[]; buffer?: string }): Promise<ChildProcess>;
  stop(): Promise<void>;
}

/** @param host where the platform's half listens */
export async function startAgentRig(host = '127.0.0.1'): Promise<AgentRig> {
  const state = await startTestState();
  const folder = mkdtempSync(join(tmpdir(), 'yumops-agents-'));
  const agents: ChildProcess[] = [];
  const rows: TelemetryRow[] = [];
  const transitions: string[] = [];
  const writer = {
    append: async (table: string, added: readonly TelemetryRow[]) => {
      if (table === 'checks') rows.push(...added);
    },
  };
  const world = { clock: systemClock, log: silent, db: state.db };
  const uptime = createUptime({
    ...world,
    ...{ writer, postgres: noPostgres, journeys: noJourneys, targets: {}, monitors: [] },
  });
  await uptime.start();
  uptime.onTransition((_monitor, { to }) => transitions.push(to));
  const desk = createProbeDesk({ ...world, audit, uptime });
  const files = createEvidenceFiles(async () => new DirectoryBlobStore(join(folder, 'blobs')), systemClock);
  const tokens = new Map<string, string>();
  const app = await openApp({ state, desk, files, isAway: () => rig.away });
  const rig: AgentRig = {
    ...{ state, uptime, desk, files, rows, transitions, away: false, url: '' },
    async startAgent(location, { prefix = [], buffer = location } = {}) {
      const token = tokens.get(location) ?? (await makeToken(state, location));
      tokens.set(location, token);
      const options = ['--server', rig.url, '--name', location, '--buffer', join(folder, buffer)];
      const command = [...prefix, process.execPath, BIN, 'probe', ...options];
      const child = spawn(command[0] as string, command.slice(1), {
        env: { ...process.env, YUMOPS_PROBE_TOKEN: token },
        stdio: ['ignore', 'ignore', 'ignore'],
      });
      agents.push(child);
      return child;
    },
    async stop() {
      await Promise.all(agents.map(stopAgent));
      await uptime.stop();
      await app.close();
      await state.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await app.listen({ port: 0, host });
  rig.url = `http://${host}:${(app.server.address() as AddressInfo).port}`;
  return rig;
}

async function makeToken({ db }: TestState, location: string): Promise<string> {
  return (await createProbeToken(db, { location, actor: 'test', now: systemClock.now() })).secret;
}

async function openApp(parts: {
  state: TestState;
  desk: ProbeDesk;
  files: EvidenceFiles;
  isAway(): boolean;
}): Promise<FastifyInstance> {
  const guard = () => async () => {
    throw new YumOpsError('unauthenticated', 'This needs a session or an API token.', { status: 401 });
  };
  const app = await createHttpServer({ log: silent, version: '0.0.0' });
  app.addHook('onRequest', async () => {
    if (parts.isAway()) throw new YumOpsError('away', 'The platform is away.', { status: 503 });
  });
  probeRoutes(app, { guard, db: parts.state.db, clock: systemClock, desk: parts.desk, evidence: parts.files });
  return app;
}

async function stopAgent(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
