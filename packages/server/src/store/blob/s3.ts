import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  type ListPartsCommandOutput,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
  type S3ClientConfig,
  type S3ServiceException as ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type BlobInfo, type BlobStore, type ByteRange, checkBlobPath, type PutOptions } from '../../lib/blob.ts';
import { codeOf } from '../../lib/errors.ts';
import type { BlobAddress } from './address.ts';
import { cutParts } from './multipart.ts';
import { isBroken, sendPatiently } from './patience.ts';
import { asBlobError, isMissing } from './s3-error.ts';

type S3Address = Extract<BlobAddress, { kind: 's3' }>;

/** Milliseconds for a connection, and without a byte on it. */
const CONNECT_LIMIT = 10_000;
const SILENCE_LIMIT = 60_000;
/** How often a request is tried, with growing pauses between, and a broken download taken up. */
const ATTEMPTS = 5;

/** Settings that Amazon's service and its likes both understand. */
function clientConfig(address: S3Address): S3ClientConfig {
  const { endpoint, region, credentials, pathStyle } = address;
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
    forcePathStyle: pathStyle,
    maxAttempts: ATTEMPTS,
    // Others than Amazon do not know its newer checksums. Content-MD5, which we send, all do.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_LIMIT, requestTimeout: SILENCE_LIMIT, throwOnRequestTimeout: true },
  };
}

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('base64');

/** A blob store in a bucket of an S3-compatible service. */
export class S3BlobStore implements BlobStore {
  readonly address: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #check: (path: string) => void;
  #locks = false;

  private constructor(address: S3Address, foreign: boolean) {
    this.#check = foreign ? () => undefined : checkBlobPath;
    this.#client = new S3Client(clientConfig(address));
    this.#bucket = address.bucket;
    this.#prefix = address.prefix === '' ? '' : `${address.prefix}/`;
    const at = address.endpoint === undefined ? '' : ` at ${new URL(address.endpoint).host}`;
    this.address = `s3://${address.bucket}/${address.prefix}${at}`;
  }

  /** Opens the store and asks whether its bucket locks objects. @throws YumOpsError as the port says */
  static async open(address: S3Address): Promise<S3BlobStore> {
    const store = new S3BlobStore(address, false);
    store.#locks = await store.#hasObjectLock();
    return store;
  }

  /** Opens a bucket of somebody else, whose keys may be anything. Nothing is asked of it yet. */
  static openForeign(address: S3Address): S3BlobStore {
    return new S3BlobStore(address, true);
  }

  get locks(): boolean {
    return this.#locks;
  }

  async put(path: string, body: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<BlobInfo> {
    this.#check(path);
    const begun: { upload?: Upload } = {};
    try {
      const bytes = await this.#send(path, body, options, begun);
      // The lock of an upload that was taken up is that of its beginning.
      if (begun.upload?.there && options.lockUntil !== undefined) await this.extendLock(path, options.lockUntil);
      return { path, bytes, modified: (await this.head(path))?.modified ?? 0 };
    } catch (error) {
      const told = this.#wrap(path, error);
      const isInterrupted = options.signal?.aborted || codeOf(told) === 'blob_unavailable';
      // Another process may be at one that was taken up.
      const isOwn = begun.upload?.there === undefined;
      if (begun.upload && isOwn && !(options.resume && isInterrupted)) await this.#abort(begun.upload);
      throw told;
    }
  }

  /** @param begun gets the upload, where there is one @returns how many bytes there were */
  async #send(
    path: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutOptions,
    begun: { upload?: Upload },
  ): Promise<number> {
    let sent = 0;
    for await (const { number, bytes, last } of cutParts(body)) {
      options.signal?.throwIfAborted();
      sent += bytes.length;
      if (number === 1 && last) {
        await this.#putWhole(path, bytes, options);
        continue;
      }
      begun.upload ??= (options.resume && (await this.#takeUp(path))) || (await this.#begin(path, options));
      if (bytes.length > 0) await this.#putPart(begun.upload, number, bytes, options);
      if (last) await this.#complete(path, begun.upload, options);
    }
    return sent;
  }

  async *get(path: string, { start = 0, end }: ByteRange = {}): AsyncIterable<Uint8Array> {
    this.#check(path);
    if (end !== undefined && end <= start) return;
    const download: Download = { path, at: start, end, version: undefined, failures: 0 };
    while (true) {
      try {
        for await (const piece of await this.#download(download)) {
          download.at += piece.length;
          download.failures = 0;
          yield piece;
        }
        return;
      } catch (error) {
        // Nothing is left after the last byte.
        if ((error as Error).name === 'InvalidRange') return;
        if (++download.failures >= ATTEMPTS || !isBroken(error)) throw this.#wrap(path, error);
      }
    }
  }

  async head(path: string): Promise<BlobInfo | undefined> {
    this.#check(path);
    try {
      const { ContentLength = 0, LastModified } = await this.#client.send(new HeadObjectCommand(this.#key(path)));
      return { path, bytes: ContentLength, modified: LastModified?.getTime() ?? 0 };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw this.#wrap(path, error);
    }
  }

  async *list(prefix: string): AsyncIterable<BlobInfo> {
    let token: string | undefined;
    do {
      const page = await this.#client
        .send(
          new ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#prefix + prefix,
            ...(token !== undefined && { ContinuationToken: token }),
          }),
        )
        .catch((error: unknown) => {
          throw this.#wrap(prefix, error);
        });
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
        yield { path: Key.slice(this.#prefix.length), bytes: Size, modified: LastModified?.getTime() ?? 0 };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(path: string): Promise<void> {
    this.#check(path);
    try {
      if (this.#locks) await this.#deleteVersions(path);
      else await this.#client.send(new DeleteObjectCommand(this.#key(path)));
    } catch (error) {
      if (!isMissing(error)) throw this.#wrap(path, error);
    }
  }

  async sweepUnfinished(prefix: string, before: number): Promise<void> {
    for (const { key, id, begun } of await this.#unfinished(prefix)) {
      if (begun < before) await this.#abort({ Bucket: this.#bucket, Key: key, UploadId: id, parts: [] });
    }
  }

  async extendLock(path: string, until: number): Promise<void> {
    this.#check(path);
    if (!this.#locks) return;
    try {
      if ((await this.#lockedUntil(path)) >= until) return;
      await this.#client.send(
        new PutObjectRetentionCommand({
          ...this.#key(path),
          Retention: { Mode: 'COMPLIANCE', RetainUntilDate: new Date(until) },
        }),
      );
    } catch (error) {
      throw this.#wrap(path, error);
    }
  }

  close(): void {
    this.#client.destroy();
  }

  /** Milliseconds since the epoch; 0 = it never was locked, as what was stored before its backup got a `lock`. */
  async #lockedUntil(path: string): Promise<number> {
    try {
      const { Retention } = await this.#client.send(new GetObjectRetentionCommand(this.#key(path)));
      return Retention?.RetainUntilDate?.getTime() ?? 0;
    } catch (error) {
      if ((error as Error).name === 'NoSuchObjectLockConfiguration') return 0;
      throw error;
    }
  }

  /**
   * A bucket with locks keeps every version: deleting the name alone would hide even what is locked, and free nothing.
   */
  async #deleteVersions(path: string): Promise<void> {
    const { Bucket, Key } = this.#key(path);
    const { Versions = [], DeleteMarkers = [] } = await this.#client.send(
      new ListObjectVersionsCommand({ Bucket, Prefix: Key }),
    );
    for (const { Key: key, VersionId } of [...Versions, ...DeleteMarkers]) {
      if (key === Key) await this.#client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
  }

  /** What is left of a download, of the version that it began with. */
  async #download(download: Download): Promise<AsyncIterable<Uint8Array>> {
    const { path, at, end, version } = download;
    const isWhole = at === 0 && end === undefined;
    const range = isWhole ? {} : { Range: `bytes=${at}-${end === undefined ? '' : end - 1}` };
    const same = version === undefined ? {} : { IfMatch: version };
    const answer = await this.#client.send(new GetObjectCommand({ ...this.#key(path), ...range, ...same }));
    download.version ??= answer.ETag;
    return answer.Body as AsyncIterable<Uint8Array>;
  }

  #key(path: string) {
    return { Bucket: this.#bucket, Key: this.#prefix + path };
  }

  #lockOf({ lockUntil }: PutOptions) {
    if (lockUntil === undefined || !this.#locks) return {};
    return { ObjectLockMode: 'COMPLIANCE' as const, ObjectLockRetainUntilDate: new Date(lockUntil) };
  }

  async #putWhole(path: string, bytes: Buffer, options: PutOptions): Promise<void> {
    const send = () =>
      this.#client.send(
        new PutObjectCommand({
          ...this.#key(path),
          Body: bytes,
          ContentLength: bytes.length,
          ContentMD5: md5(bytes),
          ...toldToReaders(options),
          ...this.#lockOf(options),
          ...(options.ifAbsent && { IfNoneMatch: '*' }),
        }),
        abortable(options),
      );
    await this.#sendOnce(path, send, { ...options, etag: createHash('md5').update(bytes).digest('hex') });
  }

  /**
   * Sends what makes an object. Where an answer was lost and the next one says that the object is there already, or the upload is
   * no more, it is ours when it has our checksum; a service that encrypts gives others, and what it says is believed then.
   */
  async #sendOnce(path: string, send: () => Promise<unknown>, options: PutOptions & { etag: string }): Promise<void> {
    let sent = 0;
    const counted = () => {
      sent++;
      return send();
    };
    try {
      await (options.patient ? sendPatiently(counted, options.signal) : counted());
    } catch (error) {
      const { httpStatusCode = 0, attempts = 1 } = (error as Partial<ServiceException>).$metadata ?? {};
      if ((httpStatusCode !== 412 && httpStatusCode !== 404) || sent + attempts <= 2) throw error;
      const found = await this.#client.send(new HeadObjectCommand(this.#key(path))).catch(() => undefined);
      if (found?.ETag?.replaceAll('"', '') !== options.etag) throw error;
      if (options.lockUntil !== undefined) await this.extendLock(path, options.lockUntil);
    }
  }

  async #begin(path: string, options: PutOptions): Promise<Upload> {
    const { UploadId } = await this.#client.send(
      new CreateMultipartUploadCommand({ ...this.#key(path), ...toldToReaders(options), ...this.#lockOf(options) }),
      abortable(options),
    );
    return { ...this.#key(path), UploadId, parts: [] };
  }

  /**
   * The newest upload to a path that was not finished, with what is there of it; none where the credentials or the service
   * do not tell. Older ones go with the next sweep: another process may be at them.
   */
  async #takeUp(path: string): Promise<Upload | undefined> {
    const { Bucket, Key } = this.#key(path);
    const own = (await this.#unfinished(path)).filter(({ key }) => key === Key).sort((a, b) => b.begun - a.begun);
    const [newest] = own;
    if (!newest) return undefined;
    const there = new Map<number, string>();
    let marker: string | undefined;
    do {
      const input = { Bucket, Key, UploadId: newest.id, ...(marker && { PartNumberMarker: marker }) };
      const page: ListPartsCommandOutput | undefined = await this.#client
        .send(new ListPartsCommand(input))
        .catch((error: unknown) => this.#untold(path, error));
      if (!page) return undefined;
      for (const { PartNumber = 0, ETag = '' } of page.Parts ?? []) there.set(PartNumber, ETag);
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
    return { Bucket, Key, UploadId: newest.id, parts: [], there };
  }

  /** Uploads that were begun and not ended; none where the credentials or the service do not tell. */
  async #unfinished(prefix: string): Promise<{ key: string; id: string; begun: number }[]> {
    const found: { key: string; id: string; begun: number }[] = [];
    let markers: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
    while (markers) {
      const input: ListMultipartUploadsCommandInput = {
        Bucket: this.#bucket,
        Prefix: this.#prefix + prefix,
        ...markers,
      };
      const page: ListMultipartUploadsCommandOutput | undefined = await this.#client
        .send(new ListMultipartUploadsCommand(input))
        .catch((error: unknown) => this.#untold(prefix, error));
      for (const { Key: key = '', UploadId: id = '', Initiated } of page?.Uploads ?? []) {
        found.push({ key, id, begun: Initiated?.getTime() ?? 0 });
      }
      const { NextKeyMarker, NextUploadIdMarker } = page ?? {};
      markers = page?.IsTruncated
        ? {
            ...(NextKeyMarker && { KeyMarker: NextKeyMarker }),
            ...(NextUploadIdMarker && { UploadIdMarker: NextUploadIdMarker }),
          }
        : undefined;
    }
    return found;
  }

  /** What a service refuses to tell of uploads is not needed: they begin anew. */
  #untold(path: string, error: unknown): undefined {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 500;
    if (status < 500 || status === 501) return undefined;
    throw this.#wrap(path, error);
  }

  async #putPart(
    { parts, there, ...upload }: Upload,
    number: number,
    bytes: Buffer,
    options: PutOptions,
  ): Promise<void> {
    const known = there?.get(number);
    if (known !== undefined && known.replaceAll('"', '') === createHash('md5').update(bytes).digest('hex')) {
      parts.push({ ETag: known, PartNumber: number });
      return;
    }
    const part = { PartNumber: number, Body: bytes, ContentLength: bytes.length, ContentMD5: md5(bytes) };
    const send = () => this.#client.send(new UploadPartCommand({ ...upload, ...part }), abortable(options));
    const { ETag } = await sendPatiently(send, options.signal);
    parts.push({ ETag, PartNumber: number });
  }

  async #complete(path: string, { parts, there: _, ...upload }: Upload, options: PutOptions): Promise<void> {
    const send = () =>
      this.#client.send(
        new CompleteMultipartUploadCommand({
          ...upload,
          MultipartUpload: { Parts: parts },
          ...(options.ifAbsent && { IfNoneMatch: '*' }),
        }),
        abortable(options),
      );
    await this.#sendOnce(path, send, { ...options, patient: true, etag: etagOf(parts) });
  }

  /** What stays behind where this fails is invisible, and a rule of the bucket for unfinished uploads removes it. */
  async #abort({ parts: _, there: __, ...upload }: Upload): Promise<void> {
    await this.#client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
  }

  async #hasObjectLock(): Promise<boolean> {
    try {
      const answer = await this.#client.send(new GetObjectLockConfigurationCommand({ Bucket: this.#bucket }));
      return answer.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled';
    } catch (error) {
      // Most services and most rights know nothing of locks; whether the bucket can be used shows when it is.
      if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== undefined) return false;
      throw this.#wrap('', error);
    }
  }

  #wrap(path: string, error: unknown): unknown {
    return asBlobError(path, this.address, error);
  }
}

/** What the service says of an object to browsers. */
function toldToReaders({ contentType, cacheControl }: PutOptions) {
  return {
    ...(contentType !== undefined && { ContentType: contentType }),
    ...(cacheControl !== undefined && { CacheControl: cacheControl }),
  };
}

/** The checksum that services give an object of parts: that of the checksums of these, and their number. */
function etagOf(parts: Upload['parts']): string {
  const sums = parts.map(({ ETag = '' }) => Buffer.from(ETag.replaceAll('"', ''), 'hex'));
  return `${createHash('md5').update(Buffer.concat(sums)).digest('hex')}-${parts.length}`;
}

/** A download that may break and go on. */
interface Download {
  path: string;
  /** Next byte. */
  at: number;
  end: number | undefined;
  version: string | undefined;
  /** In a row. */
  failures: number;
}

interface Upload {
  Bucket: string;
  Key: string;
  UploadId: string | undefined;
  parts: { ETag: string | undefined; PartNumber: number }[];
  /** Checksums by part of what an earlier process had sent; undefined = it is a new upload. */
  there?: ReadonlyMap<number, string>;
}

const abortable = ({ signal }: PutOptions) => (signal === undefined ? {} : { abortSignal: signal });
