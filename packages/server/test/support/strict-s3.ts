import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';

/** Headers that the service knows. It refuses every other, so that none is silently without effect. */
const HEADERS = new Set(
  `host authorization cache-control x-amz-date x-amz-content-sha256 content-length content-md5 content-type range if-none-match if-match
  x-amz-object-lock-mode x-amz-object-lock-retain-until-date user-agent x-amz-user-agent amz-sdk-invocation-id
  amz-sdk-request x-amz-sdk-checksum-algorithm x-amz-checksum-crc32 accept accept-encoding connection expect transfer-encoding`.split(
    /\s+/,
  ),
);
const QUERIES = new Set(
  'x-id uploads partNumber uploadId list-type prefix continuation-token versions versionId object-lock retention max-parts part-number-marker key-marker upload-id-marker'.split(
    ' ',
  ),
);
const LEAST_PART = 5 * 1024 * 1024;

interface Version {
  id: string;
  body: Buffer;
  etag: string;
  modified: Date;
  lockedUntil: number;
  marker: boolean;
  told: Told;
}

/** What the service says of an object to those who read it. */
interface Told {
  'content-type': string;
  'cache-control'?: string;
}

interface PendingUpload {
  key: string;
  parts: Map<number, Buffer>;
  begun: Date;
  lockedUntil: number;
  told: Told;
}

export interface StrictS3Options {
  /** Whether the bucket has object lock, and so versions. */
  locks?: boolean;
  pageSize?: number;
}

/** What is wrong with the service at the moment. */
export interface S3Faults {
  /** Answers this to the next so many requests that change or read an object. */
  answer?: { status: number; code: string; times: number; only?: RegExp };
  /** Milliseconds before every answer. */
  slow?: number;
  /** Breaks the next so many downloads in their middle. */
  cutDownloads?: number;
  /** Answers requests such as `PUT the/key` when `until` has resolved, and does what they say before. */
  hold?: { only: RegExp; until: Promise<unknown> };
  /** Breaks the connection of the next so many requests such as `PUT /bucket/the/key?partNumber=2` before they are heard. */
  lose?: { only: RegExp; times: number };
  /** Does what the next so many such requests say, and breaks the connection before it answers. */
  loseAnswers?: { only: RegExp; times: number };
  /** Refuses uploads once it holds so many bytes. */
  quota?: number;
}

/** A local S3 service with one bucket, written from Amazon's API reference. */
export interface StrictS3 {
  /** For `openBlobStore`: with credentials, bucket and a prefix. */
  url: string;
  /** Where everybody reads the bucket by HTTP, without credentials: its website endpoint. */
  website: string;
  faults: S3Faults;
  requests: string[];
  /** Current bytes of every object by key. */
  objects(): Map<string, Buffer>;
  replace(key: string, body: Buffer): void;
  /** Until when the current version of an object is locked, milliseconds since the epoch; 0 = not at all. */
  lockedUntil(key: string): number;
  pendingUploads(): number;
  /** The same store for credentials that may not delete. */
  writerUrl: string;
  /** How often somebody deleted who may. */
  deletions(): number;
  stop(): Promise<void>;
}

const ACCESS = 'AKIDTEST';
/** May write and read, and take back what it has not finished, but delete nothing. */
const WRITER = 'AKIDWRITE';
const SECRETS: Readonly<Record<string, string>> = { [ACCESS]: 'strict/secret+key', [WRITER]: 'write/only+key' };
const BUCKET = 'backups';

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();
const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Signature version 4, as the reference says it is computed. @returns who signed */
function checkSignature(request: IncomingMessage, url: URL, body: Buffer): string {
  const { authorization = '' } = request.headers;
  const [, credential = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=(\S+?), ?SignedHeaders=(\S+?), ?Signature=([0-9a-f]{64})$/.exec(authorization) ?? [];
  const [access, day = '', region = '', service = ''] = credential.split('/');
  const secret = SECRETS[access as string];
  if (access === undefined || secret === undefined) throw new Refusal(403, 'InvalidAccessKeyId');
  const hash = String(request.headers['x-amz-content-sha256']);
  if (hash !== 'UNSIGNED-PAYLOAD' && hash !== sha256(body)) throw new Refusal(400, 'XAmzContentSHA256Mismatch');
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const signed = names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [request.method, url.pathname, query.join('&'), signed.join(''), names, hash].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = [region, service, 'aws4_request'].reduce(hmac as never, hmac(`AWS4${secret}`, day)) as unknown as Buffer;
  if (hmac(key, text).toString('hex') !== signature) throw new Refusal(403, 'SignatureDoesNotMatch');
  return access;
}

/** The type of what nobody said one of. */
const UNSAID: Told = { 'content-type': 'binary/octet-stream' };

const etagOf = (body: Buffer) => `"${createHash('md5').update(body).digest('hex')}"`;

class Bucket {
  readonly versions = new Map<string, Version[]>();
  readonly uploads = new Map<string, PendingUpload>();
  deletions = 0;
  faults: S3Faults = {};
  readonly locks: boolean;
  readonly pageSize: number;
  #next = 0;

  constructor(locks: boolean, pageSize: number) {
    this.locks = locks;
    this.pageSize = pageSize;
  }

  current(key: string): Version | undefined {
    const last = this.versions.get(key)?.at(-1);
    return last?.marker ? undefined : last;
  }

  id(): string {
    return `v${++this.#next}`;
  }

  add(
    key: string,
    body: Buffer,
    lockedUntil: number,
    told: Told = UNSAID,
    marker = false,
    etag = etagOf(body),
  ): Version {
    const version = { id: this.id(), body, etag, modified: new Date(), lockedUntil, marker, told };
    this.versions.set(key, this.locks ? [...(this.versions.get(key) ?? []), version] : [version]);
    return version;
  }

  /** Keys that there are, in order of their bytes. */
  keys(prefix: string): string[] {
    return [...this.versions.keys()].filter((key) => key.startsWith(prefix) && this.current(key)).sort();
  }

  held(): number {
    return [...this.versions.values()].flat().reduce((sum, { body }) => sum + body.length, 0);
  }
}

interface Call {
  bucket: Bucket;
  request: IncomingMessage;
  url: URL;
  key: string;
  body: Buffer;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

function toldOf({ request: { headers } }: Call): Told {
  const { 'content-type': type, 'cache-control': cache } = headers;
  return {
    ...UNSAID,
    ...(type !== undefined && { 'content-type': type }),
    ...(cache !== undefined && { 'cache-control': cache }),
  };
}

function lockOf({ bucket, request }: Call): number {
  const mode = request.headers['x-amz-object-lock-mode'];
  const until = request.headers['x-amz-object-lock-retain-until-date'];
  if (mode === undefined && until === undefined) return 0;
  if (!bucket.locks) throw new Refusal(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration');
  if (mode !== 'COMPLIANCE' || until === undefined) throw new Refusal(400, 'InvalidArgument');
  return Date.parse(String(until));
}

function checkBody({ request, body }: Call, isLocked: boolean): void {
  const md5 = request.headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64')) throw new Refusal(400, 'BadDigest');
  const crc = request.headers['x-amz-checksum-crc32'];
  if (crc !== undefined && Buffer.from(String(crc), 'base64').readUInt32BE() !== crc32(body)) {
    throw new Refusal(400, 'BadDigest');
  }
  if (md5 === undefined && crc === undefined && isLocked) {
    throw new Refusal(400, 'InvalidRequest', 'Content-MD5 or a checksum is required');
  }
}

function checkCondition({ bucket, request, key }: Call): void {
  const condition = request.headers['if-none-match'];
  if (condition === undefined) return;
  if (condition !== '*') throw new Refusal(501, 'NotImplemented');
  if (bucket.current(key)) throw new Refusal(412, 'PreconditionFailed');
}

function checkQuota({ bucket, body }: Call): void {
  const { quota } = bucket.faults;
  if (quota !== undefined && bucket.held() + body.length > quota) throw new Refusal(507, 'StorageFull');
}

function putObject(call: Call): Answer {
  const locked = lockOf(call);
  checkBody(call, locked > 0);
  checkCondition(call);
  checkQuota(call);
  const { etag } = call.bucket.add(call.key, call.body, locked, toldOf(call));
  return { status: 200, headers: { etag } };
}

function uploadPart(call: Call): Answer {
  const { url, body, bucket } = call;
  const upload = bucket.uploads.get(url.searchParams.get('uploadId') ?? '');
  const number = Number(url.searchParams.get('partNumber'));
  if (!upload || upload.key !== call.key) throw new Refusal(404, 'NoSuchUpload');
  if (!(number >= 1 && number <= 10_000)) throw new Refusal(400, 'InvalidArgument');
  checkBody(call, upload.lockedUntil > 0);
  checkQuota(call);
  upload.parts.set(number, body);
  return { status: 200, headers: { etag: `"${createHash('md5').update(body).digest('hex')}"` } };
}

function completeUpload(call: Call): Answer {
  const { bucket, key, url, body } = call;
  const id = url.searchParams.get('uploadId') ?? '';
  const upload = bucket.uploads.get(id);
  if (!upload || upload.key !== key) throw new Refusal(404, 'NoSuchUpload');
  checkCondition(call);
  const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map((match) => Number(match[1]));
  const etags = [...body.toString().matchAll(/<ETag>(.+?)<\/ETag>/g)].map((match) =>
    match[1]?.replaceAll('&quot;', '"'),
  );
  const parts = numbers.map((number) => upload.parts.get(number));
  for (const [index, part] of parts.entries()) {
    const sum = part && `"${createHash('md5').update(part).digest('hex')}"`;
    if (!part || sum !== etags[index]) throw new Refusal(400, 'InvalidPart');
    if (index > 0 && (numbers[index] ?? 0) <= (numbers[index - 1] ?? 0)) throw new Refusal(400, 'InvalidPartOrder');
    if (index < parts.length - 1 && part.length < LEAST_PART) throw new Refusal(400, 'EntityTooSmall');
  }
  bucket.uploads.delete(id);
  const sums = parts.map((part) =>
    createHash('md5')
      .update(part as Buffer)
      .digest(),
  );
  const whole = `"${createHash('md5').update(Buffer.concat(sums)).digest('hex')}-${parts.length}"`;
  const { etag } = bucket.add(key, Buffer.concat(parts as Buffer[]), upload.lockedUntil, upload.told, false, whole);
  const xml = `<CompleteMultipartUploadResult><Key>${escapeXml(key)}</Key><ETag>${etag}</ETag></CompleteMultipartUploadResult>`;
  return { status: 200, body: xml };
}

function getObject({ bucket, request, key }: Call): Answer {
  const version = bucket.current(key);
  if (!version) throw new Refusal(404, 'NoSuchKey');
  const { body, etag, modified, told } = version;
  if (request.headers['if-match'] !== undefined && request.headers['if-match'] !== etag) {
    throw new Refusal(412, 'PreconditionFailed');
  }
  const headers = { ...told, etag, 'last-modified': modified.toUTCString(), 'accept-ranges': 'bytes' };
  if (request.method === 'HEAD') return { status: 200, headers: { ...headers, 'content-length': String(body.length) } };
  const { range } = request.headers;
  if (range === undefined) return { status: 200, headers, body };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  if (from === undefined) throw new Refusal(501, 'NotImplemented');
  const start = Number(from);
  if (start >= body.length) throw new Refusal(416, 'InvalidRange');
  const end = to === '' ? body.length : Math.min(body.length, Number(to) + 1);
  const place = { 'content-range': `bytes ${start}-${end - 1}/${body.length}` };
  return { status: 206, headers: { ...headers, ...place }, body: body.subarray(start, end) };
}

function deleteObject({ bucket, key, url }: Call): Answer {
  const id = url.searchParams.get('versionId');
  const versions = bucket.versions.get(key) ?? [];
  if (id === null) {
    if (bucket.locks) bucket.add(key, Buffer.alloc(0), 0, UNSAID, true);
    else bucket.versions.delete(key);
    return { status: 204 };
  }
  const version = versions.find((item) => item.id === id);
  if (version && version.lockedUntil > Date.now()) {
    throw new Refusal(403, 'AccessDenied', 'Access Denied because object protected by object lock.');
  }
  const rest = versions.filter((item) => item.id !== id);
  if (rest.length > 0) bucket.versions.set(key, rest);
  else bucket.versions.delete(key);
  return { status: 204 };
}

function retention(call: Call): Answer {
  const { bucket, request, key, body } = call;
  const version = bucket.current(key);
  if (!version) throw new Refusal(404, 'NoSuchKey');
  if (request.method === 'GET') {
    if (version.lockedUntil === 0) throw new Refusal(404, 'NoSuchObjectLockConfiguration');
    const until = new Date(version.lockedUntil).toISOString();
    return {
      status: 200,
      body: `<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`,
    };
  }
  checkBody(call, true);
  const until = Date.parse(/<RetainUntilDate>(.+?)<\/RetainUntilDate>/.exec(body.toString())?.[1] ?? '');
  if (!(until >= version.lockedUntil)) throw new Refusal(403, 'AccessDenied', 'a lock cannot be shortened');
  version.lockedUntil = until;
  return { status: 200 };
}

function listObjects({ bucket, url }: Call): Answer {
  if (url.searchParams.get('list-type') !== '2') throw new Refusal(501, 'NotImplemented');
  const keys = bucket.keys(url.searchParams.get('prefix') ?? '');
  const after = url.searchParams.get('continuation-token');
  const rest = after === null ? keys : keys.filter((key) => key > after);
  const page = rest.slice(0, bucket.pageSize);
  const rows = page.map((key) => {
    const { body, modified } = bucket.current(key) as Version;
    return `<Contents><Key>${escapeXml(key)}</Key><Size>${body.length}</Size><LastModified>${modified.toISOString()}</LastModified></Contents>`;
  });
  const more = rest.length > page.length;
  const next = more ? `<NextContinuationToken>${escapeXml(page.at(-1) ?? '')}</NextContinuationToken>` : '';
  return {
    status: 200,
    body: `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${rows.join('')}</ListBucketResult>`,
  };
}

function listVersions({ bucket, url }: Call): Answer {
  const prefix = url.searchParams.get('prefix') ?? '';
  const rows = [...bucket.versions].flatMap(([key, versions]) =>
    versions.map(({ id, marker }) => {
      const tag = marker ? 'DeleteMarker' : 'Version';
      return key.startsWith(prefix) ? `<${tag}><Key>${escapeXml(key)}</Key><VersionId>${id}</VersionId></${tag}>` : '';
    }),
  );
  return {
    status: 200,
    body: `<ListVersionsResult><IsTruncated>false</IsTruncated>${rows.join('')}</ListVersionsResult>`,
  };
}

function listUploads({ bucket, url }: Call): Answer {
  const prefix = url.searchParams.get('prefix') ?? '';
  const rows = [...bucket.uploads].flatMap(([id, { key, begun }]) =>
    key.startsWith(prefix)
      ? `<Upload><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId><Initiated>${begun.toISOString()}</Initiated></Upload>`
      : [],
  );
  const body = `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${rows.join('')}</ListMultipartUploadsResult>`;
  return { status: 200, body };
}

/** A page at a time, as the service does. */
function listParts({ bucket, url, key }: Call): Answer {
  const upload = bucket.uploads.get(url.searchParams.get('uploadId') ?? '');
  if (!upload || upload.key !== key) throw new Refusal(404, 'NoSuchUpload');
  const after = Number(url.searchParams.get('part-number-marker') ?? 0);
  const rest = [...upload.parts].sort(([a], [b]) => a - b).filter(([number]) => number > after);
  const page = rest.slice(0, Math.min(2, bucket.pageSize));
  const rows = page.map(([number, part]) => {
    const etag = createHash('md5').update(part).digest('hex');
    return `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag><Size>${part.length}</Size></Part>`;
  });
  const next = `<NextPartNumberMarker>${page.at(-1)?.[0] ?? 0}</NextPartNumberMarker>`;
  const more = rest.length > page.length;
  return {
    status: 200,
    body: `<ListPartsResult><IsTruncated>${more}</IsTruncated>${next}${rows.join('')}</ListPartsResult>`,
  };
}

function onBucket(call: Call): Answer {
  const { searchParams } = call.url;
  if (call.request.method !== 'GET') throw new Refusal(405, 'MethodNotAllowed');
  if (searchParams.has('uploads')) return listUploads(call);
  if (searchParams.has('versions')) return listVersions(call);
  if (!searchParams.has('object-lock')) return listObjects(call);
  if (!call.bucket.locks) throw new Refusal(404, 'ObjectLockConfigurationNotFoundError');
  return {
    status: 200,
    body: '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
  };
}

function onPost(call: Call): Answer {
  if (!call.url.searchParams.has('uploads')) return completeUpload(call);
  const id = call.bucket.id();
  call.bucket.uploads.set(id, {
    key: call.key,
    parts: new Map(),
    begun: new Date(),
    lockedUntil: lockOf(call),
    told: toldOf(call),
  });
  const xml = `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`;
  return { status: 200, body: xml };
}

function onObject(call: Call): Answer {
  const { searchParams } = call.url;
  if (searchParams.has('retention')) return retention(call);
  switch (call.request.method) {
    case 'PUT':
      return searchParams.has('partNumber') ? uploadPart(call) : putObject(call);
    case 'POST':
      return onPost(call);
    case 'GET':
    case 'HEAD':
      return searchParams.has('uploadId') ? listParts(call) : getObject(call);
    case 'DELETE':
      if (!searchParams.has('uploadId')) return deleteObject(call);
      call.bucket.uploads.delete(searchParams.get('uploadId') ?? '');
      return { status: 204 };
    default:
      throw new Refusal(405, 'MethodNotAllowed');
  }
}

function judge(bucket: Bucket, request: IncomingMessage, url: URL, body: Buffer): Answer {
  for (const name of Object.keys(request.headers)) {
    if (!HEADERS.has(name)) throw new Refusal(501, 'NotImplemented', `A header you provided implies ${name}`);
  }
  for (const name of url.searchParams.keys()) {
    if (!QUERIES.has(name)) throw new Refusal(501, 'NotImplemented', `unknown query ${name}`);
  }
  const access = checkSignature(request, url, body);
  if (request.method === 'DELETE' && !url.searchParams.has('uploadId')) {
    if (access === WRITER) throw new Refusal(403, 'AccessDenied', 'not authorized to perform: s3:DeleteObject');
    bucket.deletions++;
  }
  const [, name, ...rest] = decodeURIComponent(url.pathname).split('/');
  if (name !== BUCKET) throw new Refusal(404, 'NoSuchBucket');
  const call = { bucket, request, url, key: rest.join('/'), body };
  const { answer } = bucket.faults;
  const what = `${request.method} ${call.key}`;
  if (answer && answer.times > 0 && call.key !== '' && (answer.only?.test(what) ?? true)) {
    answer.times--;
    throw new Refusal(answer.status, answer.code);
  }
  return call.key === '' ? onBucket(call) : onObject(call);
}

async function answerTo(bucket: Bucket, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  const url = new URL(request.url ?? '/', 'http://s3');
  const { lose } = bucket.faults;
  if (lose && lose.times > 0 && lose.only.test(`${request.method} ${request.url}`)) {
    lose.times--;
    request.socket.destroy();
    return;
  }
  let answer: Answer;
  try {
    answer = judge(bucket, request, url, Buffer.concat(pieces));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const body = `<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message></Error>`;
    answer = { status: error.status, body };
  }
  const { hold, loseAnswers } = bucket.faults;
  if (loseAnswers && loseAnswers.times > 0 && loseAnswers.only.test(`${request.method} ${request.url}`)) {
    loseAnswers.times--;
    request.socket.destroy();
    return;
  }
  if (hold?.only.test(`${request.method} ${url.pathname}`)) await hold.until;
  if (bucket.faults.slow) await new Promise((resolve) => setTimeout(resolve, bucket.faults.slow));
  const bytes = Buffer.from(answer.body ?? '');
  response.writeHead(answer.status, { 'content-length': String(bytes.length), ...answer.headers });
  const cut = request.method === 'GET' && answer.body instanceof Buffer && (bucket.faults.cutDownloads ?? 0) > 0;
  if (request.method === 'HEAD') response.end();
  else if (cut) {
    bucket.faults.cutDownloads = (bucket.faults.cutDownloads ?? 0) - 1;
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
  } else response.end(bytes);
}

/** The website endpoint: reads only, `index.html` behind a slash, and what was said of each object. */
function serveWebsite(bucket: Bucket, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '/', 'http://s3');
  const key = decodeURIComponent(pathname).slice(1);
  const version = bucket.current(key === '' || key.endsWith('/') ? `${key}index.html` : key);
  if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405).end();
  else if (version === undefined) response.writeHead(404, { 'content-type': 'text/html' }).end('404 Not Found');
  else {
    const { body, etag, modified, told } = version;
    response.writeHead(200, { ...told, etag, 'last-modified': modified.toUTCString() }).end(body);
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function urlOf(access: string, port: number): string {
  return `http://${access}:${encodeURIComponent(SECRETS[access] as string)}@127.0.0.1:${port}/${BUCKET}/some/prefix`;
}

/** Starts the service with an empty bucket. */
export async function startStrictS3({ locks = false, pageSize = 1_000 }: StrictS3Options = {}): Promise<StrictS3> {
  const bucket = new Bucket(locks, pageSize);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answerTo(bucket, request, response).catch(() => response.destroy());
  });
  const website = createServer((request, response) => serveWebsite(bucket, request, response));
  const port = await listen(server);
  const websitePort = await listen(website);
  return {
    website: `http://127.0.0.1:${websitePort}/some/prefix`,
    url: urlOf(ACCESS, port),
    writerUrl: urlOf(WRITER, port),
    deletions: () => bucket.deletions,
    get faults() {
      return bucket.faults;
    },
    set faults(faults) {
      bucket.faults = faults;
    },
    requests,
    objects: () => new Map(bucket.keys('').map((key) => [key, (bucket.current(key) as Version).body])),
    replace(key, body) {
      bucket.add(key, body, 0);
    },
    lockedUntil: (key) => bucket.current(key)?.lockedUntil ?? 0,
    pendingUploads: () => bucket.uploads.size,
    async stop() {
      for (const one of [server, website]) {
        one.closeAllConnections();
        await new Promise((resolve) => one.close(resolve));
      }
    },
  };
}
