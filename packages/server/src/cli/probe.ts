import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { CheckFile, ProblemBody } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readProbeToken } from '../config/probe-token.ts';
import { lockHome } from '../engines/index.ts';
import { createJourneyRunner } from '../journeys/index.ts';
import { keepAlive, systemClock } from '../lib/clock.ts';
import { messageOf, YumOpsError } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { randomHex } from '../lib/random.ts';
import { createSeal } from '../lib/seal.ts';
import { slug } from '../lib/section.ts';
import {
  createProbeAgent,
  type EvidenceKeeper,
  openAgentBuffer,
  type ProbeAgentStats,
  type SyncAnswer,
  type SyncRequest,
} from '../observe/uptime/index.ts';
import { postgresProbe } from '../store/probes/index.ts';
import { VERSION } from '../version.ts';
import { commonArgs, printJson } from './command.ts';
import { probeForget, probeList, probeRevoke, probeTokens } from './probe-admin.ts';

/** Answers after which trying again is of no use. */
const REFUSALS = new Set([400, 401, 403, 404, 409]);

export const probe = defineCommand({
  meta: { name: 'yumops probe', description: 'Check monitors from here for a platform elsewhere, until it is stopped' },
  subCommands: { list: probeList, forget: probeForget, tokens: probeTokens, revoke: probeRevoke },
  args: {
    ...commonArgs,
    server: { type: 'string', required: true, description: 'Address of the platform', valueHint: 'URL' },
    token: {
      type: 'string',
      description: 'Token, or file:PATH; YUMOPS_PROBE_TOKEN keeps it out of the list of processes',
      valueHint: 'TOKEN',
    },
    location: {
      type: 'string',
      description: "Name of this place; a probe's token has one already",
      valueHint: 'NAME',
    },
    name: { type: 'string', description: 'Name of this agent, default the name of the machine', valueHint: 'NAME' },
    buffer: {
      type: 'string',
      description: 'Folder for what is not delivered yet, default .yumops-probe/NAME; one for each agent',
      valueHint: 'DIR',
    },
  },
  async run({ args }) {
    const server = readServer(args.server);
    const token = readProbeToken(args.token);
    const name = args.name ?? hostname();
    const log = createLog(systemClock, (line) => process.stderr.write(line));
    const folder = resolve(args.buffer ?? join('.yumops-probe', slug(name)));
    const lock = await lockHome(folder, 'A probe agent');
    const buffer = openAgentBuffer(
      folder,
      createSeal({ current: token, previous: [] }, 'probe'),
      () => `${name}-${randomHex(4)}`,
    );
    const keeper = fileKeeper(`${server}/api/v1/probes/files`, token, args.location);
    const worker = createProbeAgent({
      id: buffer.agentId,
      name,
      version: VERSION,
      location: args.location,
      clock: systemClock,
      log,
      postgres: postgresProbe,
      journeys: createJourneyRunner({ folder: join(folder, 'journeys'), keeper }),
      send: (request, signal) => send(`${server}/api/v1/probes/sync`, token, request, signal),
      buffer,
    });
    if (!args.json) {
      const waiting = buffer.restored.results.length;
      const found = waiting === 0 ? '' : `, ${waiting} results of before are there`;
      process.stdout.write(`probe ${name}: checks for ${server}, buffer ${folder}${found}\n`);
    }
    const release = keepAlive();
    try {
      await Promise.race([worker.run(), stopRequest()]);
      await worker.stop();
    } finally {
      await lock.release();
      release();
    }
    const stats = worker.stats();
    if (args.json) printJson(stats);
    else process.stdout.write(farewell(stats, folder));
    process.exit(stats.dropped > 0 || (stats.waiting > 0 && stats.trouble !== null) ? 1 : 0);
  },
});

function farewell({ checks, delivered, waiting, dropped, trouble }: ProbeAgentStats, folder: string): string {
  const where = trouble === null ? ` (kept in ${folder})` : ' (lost)';
  const left = `${waiting} not delivered${waiting === 0 ? '' : where}`;
  return `Stopped: ${checks} checks, ${delivered} delivered, ${left}, ${dropped} given up.\n`;
}

function readServer(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '');
  throw new YumOpsError('wrong_use', `"${text}" is not the address of a platform.`, {
    hint: 'Write for example --server https://ops.example.com.',
    status: 400,
  });
}

function stopRequest(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

/** @throws {YumOpsError} `probe_refused` when trying again is of no use */
async function send(url: string, token: string, request: SyncRequest, signal: AbortSignal): Promise<SyncAnswer> {
  return postTo(url, token, { type: 'application/json', body: JSON.stringify(request) }, signal);
}

/** What a journey recorded goes to the platform at once; while it is away, the failure says that it was not kept. */
function fileKeeper(address: string, token: string, location: string | undefined): EvidenceKeeper {
  return {
    keep(monitor, kind, bytes) {
      const url = new URL(address);
      url.search = String(new URLSearchParams({ monitor, kind, ...(location === undefined ? {} : { location }) }));
      const body = new Blob([bytes as Uint8Array<ArrayBuffer>]);
      return postTo<CheckFile>(
        url.href,
        token,
        { type: 'application/octet-stream', body },
        AbortSignal.timeout(20_000),
      );
    },
  };
}

async function postTo<Answer>(
  url: string,
  token: string,
  { type, body: payload }: { type: string; body: string | Blob },
  signal: AbortSignal,
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    body: payload,
    redirect: 'error',
    signal,
  }).catch((cause: unknown) => {
    const why = messageOf((cause as Error).cause ?? cause);
    throw new YumOpsError('platform_unreachable', `No platform answers at ${new URL(url).origin}: ${why}`, { cause });
  });
  const body = await response.text();
  if (response.ok) return JSON.parse(body) as Answer;
  const problem = problemIn(body) ?? { code: 'http_error', message: `The platform answered ${response.status}.` };
  const code = REFUSALS.has(response.status) && problem.code !== 'http_error' ? 'probe_refused' : problem.code;
  throw new YumOpsError(code, problem.message, problem.hint === undefined ? {} : { hint: problem.hint });
}

/** The platform's own words; a proxy in between has others, and may be wrong about the platform. */
function problemIn(body: string): ProblemBody['error'] | undefined {
  try {
    return (JSON.parse(body) as Partial<ProblemBody>).error;
  } catch {
    return undefined;
  }
}
