import { z } from 'zod';
import type { Report } from '../lib/finding.ts';
import { durationShape, readDuration } from '../lib/section.ts';
import { RETENTION_DAYS, type RetentionClass, type Stores } from './config.ts';

const DAY_MS = 86_400_000;

/** `stores:` as written. */
export const storesShape = z.strictObject({
  state: z.string().optional().describe('embedded, or the URL of a Postgres server'),
  telemetry: z.string().optional().describe('embedded, or the URL of a ClickHouse server'),
  blobs: z.string().optional().describe('file:./folder, or s3://bucket/prefix'),
  counters: z.string().optional().describe('embedded = in the state store, or the URL of a Redis server'),
});

const classes = Object.keys(RETENTION_DAYS) as RetentionClass[];

/** `retention:` as written. */
export const retentionShape = z.strictObject(
  Object.fromEntries(
    classes.map((name) => [name, durationShape.optional().describe(`Default ${RETENTION_DAYS[name]}d`)]),
  ) as Record<RetentionClass, z.ZodOptional<typeof durationShape>>,
);

/** `targets:` as written. */
export const targetsShape = z.record(z.string(), z.string());

const STORE_SCHEMES: Record<keyof Stores, readonly string[]> = {
  state: ['postgres:', 'postgresql:'],
  telemetry: ['http:', 'https:', 'clickhouse:'],
  blobs: ['file:', 's3:', 'http:', 'https:'],
  counters: ['redis:', 'rediss:'],
};

/** Compiles `stores:`; paths count from that key. */
export function compileStores(raw: z.infer<typeof storesShape>, report: Report): Stores {
  const stores: Stores = { state: 'embedded', telemetry: 'embedded', blobs: 'file:./blobs', counters: 'embedded' };
  for (const name of Object.keys(stores) as (keyof Stores)[]) {
    const written = raw[name];
    if (written === undefined) continue;
    const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(written)?.[0];
    const known =
      (written === 'embedded' && name !== 'blobs') || (scheme !== undefined && STORE_SCHEMES[name].includes(scheme));
    if (known) stores[name] = written;
    else if (!written.startsWith('$')) {
      const forms = [...(name === 'blobs' ? [] : ['embedded']), ...STORE_SCHEMES[name].map((prefix) => `${prefix}…`)];
      report({
        code: 'E103',
        path: [name],
        message: `"${name}" has no store of this form`,
        suggestion: `write ${forms.join(' or ')}`,
      });
    }
  }
  return stores;
}

/** Compiles `retention:` to milliseconds; paths count from that key. */
export function compileRetention(raw: z.infer<typeof retentionShape>, report: Report): Record<RetentionClass, number> {
  const entries = classes.map((name) => [
    name,
    readDuration(raw[name], [name], report, DAY_MS) ?? RETENTION_DAYS[name] * DAY_MS,
  ]);
  return Object.fromEntries(entries);
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/** Compiles `targets:`; paths count from that key. Reports E103 for what is no origin. */
export function compileTargets(raw: z.infer<typeof targetsShape>, report: Report): Record<string, string> {
  const targets: Record<string, string> = {};
  for (const [from, to] of Object.entries(raw)) {
    const [badKey, badValue] = [!isOrigin(from), !isOrigin(to)];
    const wrong = badKey ? from : to;
    if (!badKey && !badValue) targets[from] = to;
    else if (!wrong.includes('${')) {
      const suggestion = 'write for example "https://example.com": "http://127.0.0.1:3000"';
      report({ code: 'E103', path: [from], atKey: badKey, message: `"${wrong}" is not an origin`, suggestion });
    }
  }
  return targets;
}

/** The base of links, without a slash at its end. Reports E103 for what is no address. */
export function compilePublicUrl(text: string | undefined, report: Report): string | null {
  if (text === undefined) return null;
  if (isOrigin(text)) return text.replace(/\/+$/, '');
  report({ code: 'E103', path: [], message: `"${text}" is not an address`, suggestion: 'begin with https://' });
  return null;
}
