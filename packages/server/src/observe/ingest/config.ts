import { z } from 'zod';
import { type Report, within } from '../../lib/finding.ts';
import type { Secret, SecretReader } from '../../lib/secret.ts';

/** `ingest:` as written. */
export const ingestShape = z.strictObject({
  vercel: z
    .strictObject({
      secret: z.string().min(1).optional().describe('Secret of the drain, by which its bodies are signed'),
      verify: z.string().min(1).max(200).optional().describe('Code that Vercel wants to see in x-vercel-verify'),
    })
    .optional()
    .describe('Log drains of Vercel, which send to /ingest/vercel'),
});

/** How telemetry of other services comes in. */
export interface IngestConfig {
  /** Null = drains need an ingest key. */
  vercel: { secret: Secret | null; verify: string | null } | null;
}

/** Compiles `ingest:`; paths count from that key. A secret that is broken is not used, and was reported. */
export function compileIngest(
  raw: z.infer<typeof ingestShape>,
  report: Report,
  secretAt: (report: Report) => SecretReader,
): IngestConfig {
  const { vercel } = raw;
  if (vercel === undefined) return { vercel: null };
  const written = vercel.secret;
  const read = written === undefined ? null : secretAt(within(report, 'vercel'))(written, ['secret']);
  return { vercel: { secret: read && read.broken === null ? read.secret : null, verify: vercel.verify ?? null } };
}
