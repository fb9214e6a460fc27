import type { ScalingReport } from '@yumops/protocol';
import { type ConfiguredJob, PLANS, type Plan } from '../../care/scaling/index.ts';
import { loadConfig } from '../../config/load.ts';
import { readSettings } from '../../config/settings.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import { readRunFile } from '../../main/run-file.ts';
import { configuredJobs } from '../../main/vercel-file.ts';
import { openClient } from '../client.ts';
import { platformArgs } from '../command.ts';

/** Arguments of commands about a vercel.json. */
export const vercelArgs = {
  ...platformArgs,
  file: {
    type: 'positional',
    required: false,
    description: 'The file, default that of the configuration, else vercel.json of this folder',
    valueHint: 'vercel.json',
  },
  plan: { type: 'string', description: 'hobby, pro or enterprise; default that of the configuration, else pro' },
} as const;

/** What a vercel.json is judged or written by. */
export interface VercelBasis {
  /** As it was written, and the folder that it counts from. */
  file: string;
  root: string;
  plan: Plan;
  jobs: readonly ConfiguredJob[];
  /** What the running platform measured; null when none runs here. */
  measured: Pick<ScalingReport, 'routes' | 'memory'> | null;
}

function planOf(text: string | undefined, configured: Plan): Plan {
  if (text === undefined) return configured;
  const plan = PLANS.find((one) => one === text);
  if (plan) return plan;
  throw new YumOpsError('wrong_use', `"${text}" is not a plan.`, {
    hint: `It is one of ${PLANS.join(', ')}.`,
    status: 400,
  });
}

/** A preset token names no platform: that none answers is no fault of a check of a file. */
function nothingIfAbsent(error: unknown): null {
  if (codeOf(error) === 'platform_unreachable') return null;
  throw error;
}

/** Finds file, plan, jobs and measurements. Only a platform that runs is asked: a check of a file starts none. */
export async function vercelBasis(args: {
  file?: string | undefined;
  plan?: string | undefined;
  config?: string | undefined;
  data?: string | undefined;
  port?: string | undefined;
}): Promise<VercelBasis> {
  const settings = readSettings(args);
  const { config } = loadConfig({ path: settings.config, env: settings.env });
  const named = args.file === undefined ? config?.scaling.vercel : null;
  const file = args.file ?? named ?? 'vercel.json';
  const asked = (await readRunFile(settings.dataDir)) || settings.adminToken !== undefined;
  const client = asked ? await openClient(settings) : null;
  try {
    return {
      file,
      root: named != null && config ? config.root : '.',
      plan: planOf(args.plan, config?.scaling.plan ?? 'pro'),
      jobs: config ? configuredJobs(config) : [],
      measured: client && (await client.get<ScalingReport>('/api/v1/scaling').catch(nothingIfAbsent)),
    };
  } finally {
    await client?.close();
  }
}
