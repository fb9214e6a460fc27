import { mkdtemp } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProblemBody } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readProbeToken } from '../config/probe-token.ts';
import { createJourneyRunner } from '../journeys/index.ts';
import { keepAlive, systemClock } from '../lib/clock.ts';
import { messageOf, YumOpsError } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { randomHex } from '../lib/random.ts';
import { createProbeAgent, type SyncAnswer, type SyncRequest } from '../observe/uptime/index.ts';
import { postgresProbe } from '../store/probes/index.ts';
import { VERSION } from '../version.ts';
import { commonArgs, printJson } from './command.ts';

/** Answers after which trying again is of no use. */
const REFUSALS = new Set([400, 401, 403, 404, 409]);

export const probe = defineCommand({
  meta: { name: 'yumops probe', description: 'Check monitors from here for a platform elsewhere, until it is stopped' },
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
  },
  async run({ args }) {
    const server = readServer(args.server);
    const token = readProbeToken(args.token);
    const name = args.name ?? hostname();
    const log = createLog(systemClock, (line) => process.stderr.write(line));
    const worker = createProbeAgent({
      id: `${name}-${randomHex(4)}`,
      name,
      version: VERSION,
      location: args.location,
      clock: systemClock,
      log,
      postgres: postgresProbe,
      journeys: createJourneyRunner({ folder: await mkdtemp(join(tmpdir(), 'yumops-probe-')) }),
      send: (request, signal) => send(`${server}/api/v1/probes/sync`, token, request, signal),
    });
    if (!args.json) process.stdout.write(`probe ${name}: checks for ${server}\n`);
    const release = keepAlive();
    await Promise.race([worker.run(), stopRequest()]);
    await worker.stop();
    release();
    const stats = worker.stats();
    if (args.json) printJson(stats);
    else {
      const { checks, delivered, waiting, dropped } = stats;
      process.stdout.write(
        `Stopped: ${checks} checks, ${delivered} delivered, ${waiting} not delivered, ${dropped} given up.\n`,
      );
    }
    process.exit(stats.waiting + stats.dropped > 0 ? 1 : 0);
  },
});

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
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(request),
    redirect: 'error',
    signal,
  }).catch((cause: unknown) => {
    const why = messageOf((cause as Error).cause ?? cause);
    throw new YumOpsError('platform_unreachable', `No platform answers at ${new URL(url).origin}: ${why}`, { cause });
  });
  const body = await response.text();
  if (response.ok) return JSON.parse(body) as SyncAnswer;
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
