import { z } from 'zod';
import { scheduleProblem } from '../../../../lib/cron.ts';
import type { Secret } from '../../../../lib/secret.ts';
import { durationShape } from '../../../../lib/section.ts';
import { commonKeys, type MonitorBase } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

/** When a job is to tell of itself. */
export type BeatSchedule = { kind: 'every'; ms: number } | { kind: 'cron'; pattern: string; timeZone: string };

/** A job that calls us; silence is what is wrong. */
export interface HeartbeatMonitorConfig extends MonitorBase {
  kind: 'heartbeat';
  /** The last part of the address that is called; null = one is made and kept. */
  token: Secret | null;
  schedule: BeatSchedule;
  /** Milliseconds that a beat may be late. */
  graceMs: number;
  /** Milliseconds that a run may take; null = any. */
  maxRuntimeMs: number | null;
  /** Whether only POST counts: whatever follows links may ask with GET or HEAD. */
  postOnly: boolean;
}

/** An item of `monitors:` of kind heartbeat, as written. */
export const heartbeatMonitorShape = z.strictObject({
  ...commonKeys,
  kind: z.literal('heartbeat'),
  token: z.string().optional().describe('Last part of the address it calls; default one that is made and kept'),
  every: durationShape.optional().describe('Longest time between two beats; every or schedule is needed'),
  schedule: z.string().optional().describe('When it runs, as a cron expression'),
  time_zone: z.string().optional().describe('Zone of schedule, default UTC'),
  grace: durationShape.optional().describe('How late a beat may be, default a fifth of every, at most 5 minutes'),
  max_runtime: durationShape.optional().describe('Longest time between its start and its end'),
  post_only: z.boolean().optional().describe('Whether GET and HEAD are refused, default false: they count like POST'),
});

type RawHeartbeat = z.infer<typeof heartbeatMonitorShape>;

const MOST_GRACE_MS = 300_000;
const LEAST_EVERY_MS = 1_000;

export function compileHeartbeat(raw: RawHeartbeat, compiler: MonitorCompiler): HeartbeatMonitorConfig {
  const schedule = compileSchedule(raw, compiler);
  const token = compiler.optionalSecret(raw.token, ['token']);
  const usualGrace = schedule.kind === 'every' ? Math.min(MOST_GRACE_MS, schedule.ms / 5) : MOST_GRACE_MS;
  const graceMs = compiler.duration(raw.grace, 'grace', 0) ?? usualGrace;
  if (raw.locations !== undefined) {
    const message = 'a heartbeat is judged where its beats arrive, and has no locations';
    compiler.report({ code: 'E103', path: ['locations'], message, suggestion: 'remove locations' });
  }
  const written = { check_interval: lookEvery(schedule, graceMs), retries: 0, ...raw };
  return {
    kind: 'heartbeat',
    ...compiler.base(written, { url: '', target: '' }),
    token,
    schedule,
    graceMs,
    maxRuntimeMs: compiler.duration(raw.max_runtime, 'max_runtime') ?? null,
    postOnly: raw.post_only ?? false,
  };
}

function compileSchedule(raw: RawHeartbeat, compiler: MonitorCompiler): BeatSchedule {
  if ((raw.every === undefined) === (raw.schedule === undefined)) {
    const message = 'a heartbeat has exactly one of every and schedule';
    compiler.report({ code: 'E109', path: [], message, suggestion: 'write for example every: 60m' });
  }
  if (raw.schedule === undefined) {
    return { kind: 'every', ms: compiler.duration(raw.every, 'every', LEAST_EVERY_MS) ?? 60_000 };
  }
  const timeZone = raw.time_zone ?? 'UTC';
  const problem = scheduleProblem(raw.schedule, timeZone);
  if (problem !== null) compiler.report({ code: 'E103', ...problem });
  return { kind: 'cron', pattern: raw.schedule, timeZone };
}

/** Seconds between two looks at what came: often enough that a beat which is missing is seen soon. */
function lookEvery(schedule: BeatSchedule, graceMs: number): number {
  const periodMs = schedule.kind === 'every' ? schedule.ms : 3_600_000;
  return Math.min(30, Math.max(1, Math.round(Math.max(periodMs / 10, graceMs / 10) / 1_000)));
}
