import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YumOpsError } from '../lib/errors.ts';
import type { GroupingRule } from '../observe/errors/index.ts';
import { type Ingest, readBeacon } from '../observe/ingest/index.ts';
import type { FindIngestKey, IngestKey } from './access.ts';
import { bodyOf, withBody } from './body.ts';
import { allowAnyOrigin, preflight } from './cors.ts';
import { deviceOf } from './device.ts';
import { keyOf, requireOrigin } from './ingest-key.ts';

export interface RumRouteDeps {
  ingest: Pick<Ingest, 'acceptRum'>;
  findIngestKey: FindIngestKey;
  groupingRules?(): readonly GroupingRule[];
  /** ISO 3166 code of the country of an address, where there is a source for it. */
  countryOf?(ip: string): string | null;
}

/** What proxies and platforms say of where a visitor is; a relay passes it on. */
const COUNTRY_HEADERS = ['x-vercel-ip-country', 'cf-ipcountry', 'cloudfront-viewer-country'];

/** Browsers keep at most 64 KiB of beacons on their way. */
const MOST_BYTES = 256 * 1024;

/** `POST /rum`: beacons of `@yumops/browser`, as text, so that no preflight comes before them. */
export async function rumRoutes(app: FastifyInstance, deps: RumRouteDeps): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.addHook('onRequest', async (_request, reply) => {
      allowAnyOrigin(reply);
    });
    scope.options('/rum', { schema: { hide: true } }, preflight('content-type, x-yumops-key'));
    const schema = {
      summary: 'Take in a beacon of a browser: vitals, timings, events, errors',
      tags: ['ingest'],
      security: [],
    };
    scope.post('/rum', { schema }, async (request, reply) => {
      try {
        await withBody(bodyOf(request), request.headers['content-encoding'], MOST_BYTES, (body) =>
          take(request, body, deps),
        );
      } catch (error) {
        if (!request.raw.complete) reply.header('connection', 'close');
        throw error;
      }
      return reply.code(204).send();
    });
  });
}

async function take(request: FastifyRequest, body: Uint8Array, deps: RumRouteDeps): Promise<void> {
  const named = keyOf(request) ?? readBeacon(Buffer.from(body).toString('utf8'))?.key ?? undefined;
  const key = await authorize(named, deps.findIngestKey);
  requireOrigin(request, key);
  const userAgent = request.headers['user-agent'] ?? null;
  const device = deviceOf(userAgent);
  // What machines see says nothing of people.
  if (device === 'bot') return;
  const rules = deps.groupingRules?.() ?? [];
  const country = countryIn(request) ?? deps.countryOf?.(request.ip) ?? null;
  await deps.ingest.acceptRum({ body, project: key.project ?? '1', device, country, userAgent, rules });
}

/** The country that a header names. Anybody may send one, as anybody may send a beacon: it decides nothing but figures. */
function countryIn({ headers }: FastifyRequest): string | null {
  for (const name of COUNTRY_HEADERS) {
    const value = String(headers[name] ?? '').toUpperCase();
    // Cloudflare says XX where it does not know, T1 for Tor.
    if (/^[A-Z]{2}$/.test(value) && value !== 'XX') return value;
  }
  return null;
}

async function authorize(secret: string | undefined, find: FindIngestKey): Promise<IngestKey> {
  const key = secret === undefined ? undefined : await find(secret);
  if (key) return key;
  throw new YumOpsError('invalid_key', secret === undefined ? 'A key is needed.' : 'The key is not known.', {
    hint: 'Make one with `yumops ingest-key create --scope public`, and set it as `key` of the browser SDK.',
    status: 401,
  });
}
