import { z } from 'zod';
import { PLANS, type Plan } from './vercel/facts.ts';

const price = (what: string) => z.number().nonnegative().optional().describe(what);

/** Prices are the operator's own; nothing is assumed where one is missing. */
export interface Prices {
  currency: string;
  diskGbMonth: number | null;
  backupGbMonth: number | null;
}

/** `scaling:` compiled. */
export interface ScalingConfig {
  /** The vercel.json of the application, relative to the configuration; null = none. */
  vercel: string | null;
  plan: Plan;
  /** Whether `GET /metrics` wants a token. */
  metrics: 'token' | 'open';
  /** Requests per second that the application was shown to bear; null = nobody knows. */
  requestsPerSecond: number | null;
  prices: Prices;
}

/** `scaling:` as written. */
export const scalingShape = z.strictObject({
  vercel: z.string().min(1).optional().describe('The vercel.json of the application, relative to this file'),
  plan: z.enum(PLANS).optional().describe('Plan of Vercel, by whose limits vercel.json is judged, default pro'),
  metrics: z.enum(['token', 'open']).optional().describe('Whether GET /metrics wants a token, default token'),
  limits: z
    .strictObject({
      requests_per_second: z
        .number()
        .positive()
        .optional()
        .describe('What the application was shown to bear, for example by a load test'),
    })
    .optional()
    .describe('Limits that cannot be measured'),
  prices: z
    .strictObject({
      currency: z.string().min(1).max(8).optional().describe('For example EUR'),
      disk_gb_month: price('A gigabyte of disk for a month'),
      backup_gb_month: price('A gigabyte of backup storage for a month'),
    })
    .optional()
    .describe('What recommended settings cost; without a price no cost is given'),
});

export type RawScaling = z.infer<typeof scalingShape>;

/** Compiles `scaling:`. */
export function compileScaling(raw: RawScaling): ScalingConfig {
  return {
    vercel: raw.vercel ?? null,
    plan: raw.plan ?? 'pro',
    metrics: raw.metrics ?? 'token',
    requestsPerSecond: raw.limits?.requests_per_second ?? null,
    prices: {
      currency: raw.prices?.currency ?? '',
      diskGbMonth: raw.prices?.disk_gb_month ?? null,
      backupGbMonth: raw.prices?.backup_gb_month ?? null,
    },
  };
}
