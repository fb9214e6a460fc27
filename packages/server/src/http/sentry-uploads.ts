import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Busboy } from '@fastify/busboy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { messageOf, YumOpsError } from '../lib/errors.ts';
import { CHUNK_BYTES, type Errors } from '../observe/errors/index.ts';
import { VERSION } from '../version.ts';
import type { Guard } from './access.ts';

/** Chunks of one request. */
const CHUNKS_PER_REQUEST = 4;

const unzip = promisify(gunzip);

const org = z.object({ org: z.string().max(100) });
const release = z.object({ org: z.string().max(100), version: z.string().max(300) });
const text = z.string().max(2_000).nullish();
const projects = z.array(z.union([z.string().max(200), z.number()]).transform(String));
const bundleBody = z.object({
  checksum: z.string().max(64),
  chunks: z.array(z.string().max(64)).max(10_000),
  projects: projects.default([]),
  version: text,
  dist: text,
});
const releaseBody = z.object({
  version: z.string().max(300).optional(),
  projects: projects.default([]),
  url: text,
  dateReleased: text,
  commits: z.array(z.record(z.string(), z.unknown())).optional(),
});
const deployBody = z.object({
  environment: z.string().max(200),
  name: text,
  url: text,
  dateFinished: text,
  projects: projects.nullish(),
});

/**
 * The part of Sentry's API that `sentry-cli` and the bundler plugins call: chunk upload, artifact bundles, releases and
 * deploys, for any name of an organisation. An API token is needed as everywhere.
 */
export function sentryUploadRoutes(app: FastifyInstance, deps: { errors: Errors; guard: Guard }): void {
  infoRoutes(app, deps.guard);
  chunkRoutes(app, deps);
  releaseRoutes(app, deps);
}

function infoRoutes(app: FastifyInstance, guard: Guard): void {
  app.get('/api/0/', { onRequest: guard('viewer'), schema: { hide: true } }, async ({ principal }) => ({
    version: '0',
    auth: { scopes: ['project:releases', 'org:ci'] },
    user: { username: principal?.name ?? '', email: '', id: principal?.id ?? '' },
    server: VERSION,
  }));
}

function chunkRoutes(app: FastifyInstance, { errors, guard }: { errors: Errors; guard: Guard }): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const url = '/api/0/organizations/:org/chunk-upload/';
  routes.get(
    url,
    { onRequest: guard('responder'), schema: { summary: 'How chunks are to be uploaded', params: org } },
    async (request) => ({
      url: `${request.protocol}://${request.host}${request.url.split('?')[0]}`,
      chunkSize: CHUNK_BYTES,
      chunksPerRequest: CHUNKS_PER_REQUEST,
      maxFileSize: 512 * 1024 * 1024,
      maxRequestSize: CHUNK_BYTES * CHUNKS_PER_REQUEST,
      concurrency: 2,
      hashAlgorithm: 'sha1',
      compression: ['gzip'],
      accept: ['release_files', 'sources', 'artifact_bundles', 'artifact_bundles_v2'],
    }),
  );
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.post(
      url,
      { onRequest: guard('responder'), schema: { summary: 'Upload chunks as multipart/form-data' } },
      async (request) => {
        for (const chunk of await readChunks(request)) {
          const content = chunk.packed ? await unpack(chunk.content) : chunk.content;
          await errors.keepChunk(chunk.checksum, content);
        }
        return [];
      },
    );
  });
  const assemble = '/api/0/organizations/:org/artifactbundle/assemble/';
  routes.post(
    assemble,
    {
      onRequest: guard('responder'),
      schema: { summary: 'Put an artifact bundle together', params: org, body: bundleBody },
    },
    async ({ body }) => {
      const { checksum, chunks, version = null, dist = null } = body;
      const assembly = await errors.assemble({ checksum, chunks, release: version, dist });
      return {
        state: assembly.state,
        missingChunks: assembly.state === 'not_found' ? assembly.missingChunks : [],
        detail: null,
      };
    },
  );
}

async function unpack(content: Buffer): Promise<Uint8Array> {
  try {
    return await unzip(content, { maxOutputLength: CHUNK_BYTES });
  } catch (error) {
    throw new YumOpsError('invalid_chunk', `A chunk could not be unpacked: ${messageOf(error)}.`, { status: 400 });
  }
}

interface Chunk {
  checksum: string;
  packed: boolean;
  content: Buffer;
}

/** The parts of the form: the name of a file is the SHA-1 of its content before compression. */
async function readChunks(request: FastifyRequest): Promise<Chunk[]> {
  const contentType = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b.*boundary=/i.test(contentType)) {
    throw new YumOpsError('invalid_upload', 'Chunks are uploaded as multipart/form-data.', { status: 400 });
  }
  const chunks: Chunk[] = [];
  const limits = {
    fileSize: CHUNK_BYTES,
    files: CHUNKS_PER_REQUEST * 16,
    fields: 10,
    parts: CHUNKS_PER_REQUEST * 16 + 10,
  };
  const parser = new Busboy({ headers: { ...request.headers, 'content-type': contentType }, limits });
  let tooLarge = false;
  await new Promise<void>((resolve, reject) => {
    parser.on('file', (field, file, name) => {
      const parts: Buffer[] = [];
      file.on('data', (part: Buffer) => parts.push(part));
      file.on('limit', () => {
        tooLarge = true;
      });
      file.on('error', reject);
      file.on('end', () => {
        const content = Buffer.concat(parts);
        const named = /^[0-9a-f]{40}$/.test(name);
        const checksum = named ? name : createHash('sha1').update(content).digest('hex');
        chunks.push({ checksum, packed: field === 'file_gzip', content });
      });
    });
    parser.on('finish', () => resolve());
    parser.on('error', reject);
    ((request.body as Readable | undefined) ?? request.raw).pipe(parser);
  }).catch((error: unknown) => {
    throw new YumOpsError('invalid_upload', `The form could not be read: ${messageOf(error)}.`, { status: 400 });
  });
  if (tooLarge)
    throw new YumOpsError('chunk_too_large', `A chunk has more than ${CHUNK_BYTES} bytes.`, { status: 413 });
  return chunks;
}

/** The project that a slug stands for: its number, else the first project. */
function projectOf(slugs: readonly string[] | null | undefined): string {
  return slugs?.find((slug) => /^\d{1,20}$/.test(slug)) ?? '1';
}

function timeOf(value: string | null | undefined): number | undefined {
  const time = value ? Date.parse(value) : Number.NaN;
  return Number.isFinite(time) ? time : undefined;
}

function releaseRoutes(app: FastifyInstance, { errors, guard }: { errors: Errors; guard: Guard }): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('responder');
  const actor = (request: FastifyRequest) => request.principal?.name ?? 'unknown';
  const keep = async (request: FastifyRequest, version: string, body: z.infer<typeof releaseBody>) => {
    const project = projectOf(body.projects);
    const finalizedAt = timeOf(body.dateReleased) ?? null;
    const kept = await errors.keepRelease(
      { project, version, url: body.url, commits: body.commits, finalizedAt },
      actor(request),
    );
    const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
    return {
      id: 1,
      version,
      shortVersion: version,
      url: kept.url,
      dateCreated: iso(kept.createdAt),
      dateReleased: iso(kept.finalizedAt),
      projects: [{ slug: project, name: project, id: project }],
      newGroups: 0,
    };
  };
  routes.post(
    '/api/0/organizations/:org/releases/',
    { onRequest, schema: { summary: 'Make a release', params: org, body: releaseBody } },
    async (request, reply) => {
      const { version } = request.body;
      if (version === undefined)
        throw new YumOpsError('invalid_release', 'A release needs a version.', { status: 400 });
      return reply.code(201).send(await keep(request, version, request.body));
    },
  );
  routes.put(
    '/api/0/organizations/:org/releases/:version/',
    { onRequest, schema: { summary: 'Change a release', params: release, body: releaseBody } },
    (request) => keep(request, request.params.version, request.body),
  );
  const deploys = '/api/0/organizations/:org/releases/:version/deploys/';
  routes.post(
    deploys,
    { onRequest, schema: { summary: 'Note a deploy', params: release, body: deployBody } },
    async (request, reply) => {
      const { environment, name, url: link, dateFinished, projects } = request.body;
      const { version } = request.params;
      const at = timeOf(dateFinished);
      const deploy = {
        project: projectOf(projects),
        version,
        environment,
        name,
        url: link,
        ...(at === undefined ? {} : { at }),
      };
      const { id, at: noted } = await errors.addDeploy(deploy, actor(request));
      return reply
        .code(201)
        .send({ id, environment, name: name ?? null, url: link ?? null, dateFinished: new Date(noted).toISOString() });
    },
  );
}
