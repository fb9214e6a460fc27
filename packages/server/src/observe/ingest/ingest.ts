import { join } from 'node:path';
import type { IngestAnswer } from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { randomHex } from '../../lib/random.ts';
import type { SharedFiles } from '../../lib/shared-files.ts';
import type { TelemetryStore, TelemetryWriter } from '../../lib/telemetry.ts';
import { Batcher, type BatchStep } from './batch/batcher.ts';
import type { DeliveryClaims } from './claims.ts';
import type { ForeignFormat } from './foreign/translate.ts';
import type { ForeignEncoded, OtlpForm } from './parse-worker.ts';
import { Parser } from './parser.ts';
import type { BodyFormat, EncodedBody } from './record/body.ts';
import type { EntryBody } from './record/part-set.ts';
import type { RumContext } from './rum/intake.ts';
import { AttachmentFiles } from './sentry/attachment-files.ts';
import type { SentryCheckIn } from './sentry/context.ts';
import { type SentryAnswer, type SentryDelivery, SentryDoor } from './sentry/door.ts';
import type { EntryHeader, Part } from './spool/entry.ts';
import { Journal } from './spool/journal.ts';
import { Receipts, receiptKey } from './spool/receipts.ts';
import { SeenRecords } from './spool/seen-records.ts';
import { SPOOL_START, Spool } from './spool/spool.ts';
import { encodeRows } from './tables.ts';
import { Tail } from './tail.ts';

export interface IngestOptions {
  /** Folder of the spool; must outlive the process. */
  folder: string;
  telemetry: Pick<TelemetryStore, 'insert'>;
  clock: Clock;
  log: Log;
  /** Bound of the spool on disk, bytes; default 2 GiB. */
  maxBytes?: number;
  /** Size of a spool segment, bytes; default 64 MiB. */
  segmentBytes?: number;
  /** Largest batch, rows; default 100,000. */
  batchRows?: number;
  /** Longest wait for a batch to fill, milliseconds; default 750. */
  flushMs?: number;
  /** The built `parse-worker.js`; default: beside this module. */
  worker?: URL;
  /** Folder of attachments and uploaded source maps; default `files` in the spool's folder. */
  files?: string;
  /** Files that all instances share, to which attachments move; default none. */
  shared?: SharedFiles;
  /** Key of the hash that stands for an account in security events; default a random one, of this process. */
  accountKey?: string;
  /** Of deliveries with an id, where several instances share a state store. */
  claims?: DeliveryClaims;
  /** Shown the log rows of every entry that has become durable. */
  onLogRows?: ShowLogRows;
  /** Takes over what jobs said of themselves, after it is on disk. */
  onCheckIns?: (project: string, checkIns: readonly SentryCheckIn[]) => Promise<void>;
  /** Told when a range of the spool was journalled, inserted, retired. */
  onBatchStep?: (step: BatchStep) => void;
}

/** Takes log rows, JSON lines; `security` says that every one is a security event. */
export type ShowLogRows = (rows: Uint8Array, security: boolean) => void;

/** A body to take in. */
export interface Delivery {
  body: Uint8Array;
  format: BodyFormat | ForeignFormat;
  project: string;
  /** The sender's name for this delivery; a repeated one gets the first answer and adds nothing. */
  batchId?: string;
}

/** A beacon to take in. */
export interface RumDelivery extends Pick<RumContext, 'device' | 'country' | 'userAgent' | 'rules'> {
  body: Uint8Array;
  project: string;
}

/** An OpenTelemetry export request to take in. */
export interface OtlpDelivery {
  body: Uint8Array;
  form: OtlpForm;
  project: string;
}

/** How many members of an export request were taken, how many not and why the last of those. */
export interface OtlpOutcome {
  accepted: number;
  rejected: number;
  message: string;
}

export interface IngestStats {
  /** Bytes of the spool on disk. */
  spoolBytes: number;
  spoolMaxBytes: number;
  /** Size of the spool at which records are refused, bytes; the rest is for the platform's own rows. */
  spoolRefusalBytes: number;
  /** What keeps the spool from being written or emptied, as a sentence; null when nothing does. */
  trouble: string | null;
  /** Seconds that the oldest row which is not in the store yet has waited; 0 when all are. */
  lagSeconds: number;
  /** Records taken and refused since the start. */
  accepted: number;
  rejected: number;
  /** Deliveries refused because the spool was full. */
  refused: number;
  /** Deliveries that were known already, and records with ids that were. */
  repeated: number;
  /** Rows that live tails missed because their reader was slow. */
  dropped: number;
  /** Inserts that had to be tried again. */
  retries: number;
  /** Rows that the store refused together with their dead letters. */
  lostDeadLetters: number;
  /** Rows stored since the start, by table. */
  stored: Record<string, number>;
}

/** The intake of telemetry: what it has answered is on disk and reaches the store exactly once. */
export interface Ingest {
  /**
   * Parses a body and makes its rows durable.
   * @throws YumOpsError with a status of 4xx or 503 when nothing of it was taken
   */
  accept(delivery: Delivery): Promise<IngestAnswer>;
  /**
   * Takes in a request of Sentry's protocol. An event that came before is answered as then and adds nothing.
   * @throws YumOpsError as `accept`; with 429 `rate_limited`
   */
  acceptSentry(delivery: SentryDelivery): Promise<SentryAnswer>;
  /**
   * Takes in an OpenTelemetry export request.
   * @throws YumOpsError as `accept`
   */
  acceptOtlp(delivery: OtlpDelivery): Promise<OtlpOutcome>;
  /**
   * Takes in a beacon of a browser. One that came before adds nothing.
   * @throws YumOpsError as `accept`
   */
  acceptRum(delivery: RumDelivery): Promise<void>;
  /** Tells of which services spans are no further requests: `serviceKey`s of those that write lines of them. */
  noteRequestLines(keys: readonly string[]): void;
  /** The bytes of an attachment; undefined when there is none under this id. */
  readAttachment(id: string): Promise<Uint8Array | undefined>;
  /** Moves attachments to the files that all instances share. @returns how many */
  moveAttachments(signal: AbortSignal): Promise<number>;
  /** Removes the attachments of days before a time, milliseconds since the epoch. */
  expireAttachments(before: number): Promise<void>;
  /**
   * Shows the log rows that the spool holds. Those on their way may be in the store, too: a row has the same `id` in both.
   * Whoever reads the spool first and the store afterwards misses none.
   */
  showWaitingLogRows(show: ShowLogRows): Promise<void>;
  /** For the platform's own rows. */
  writer: TelemetryWriter;
  tail: Tail;
  stats(): IngestStats;
  /** Earliest event time that is not in the store yet, milliseconds since the epoch; undefined when all are. */
  watermark(): number | undefined;
  /** Takes nothing more, sends what the spool holds for up to `drainMs` (default 10 s), and closes. */
  close(drainMs?: number): Promise<void>;
}

const MEBIBYTE = 1024 * 1024;

/** Opens the spool of the folder, goes on where the last process stopped, and takes deliveries. */
export async function createIngest(options: IngestOptions): Promise<Ingest> {
  const { clock, log, telemetry } = options;
  const maxBytes = options.maxBytes ?? 2_048 * MEBIBYTE;
  const journal = await Journal.open(options.folder, SPOOL_START, clock, log);
  const { claims } = options;
  const receipts = await Receipts.open(join(options.folder, 'receipts'), clock, claims);
  const seen = await SeenRecords.open(join(options.folder, 'records'), clock);
  const spool = await Spool.open(
    { folder: options.folder, maxBytes, segmentBytes: options.segmentBytes ?? 64 * MEBIBYTE, log },
    journal.state.position,
    (header) => {
      receipts.recover(header);
      seen.recover(header);
    },
  );
  const batcher = new Batcher({
    spool,
    journal,
    store: telemetry,
    clock,
    log,
    maxRows: options.batchRows ?? 100_000,
    maxBytes: 48 * MEBIBYTE,
    flushMs: options.flushMs ?? 750,
    eagerBytes: 24 * MEBIBYTE,
    beforeRelease: async () => {
      await receipts.sync();
      await seen.sync();
    },
    ...(options.onBatchStep ? { onStep: options.onBatchStep } : {}),
  });
  const filesFolder = options.files ?? join(options.folder, 'files');
  const sourceMaps = join(filesFolder, 'source-maps');
  const files = new AttachmentFiles(join(filesFolder, 'attachments'), options.shared);
  const accountKey = options.accountKey ?? randomHex(16);
  const worker = options.worker ?? new URL('./parse-worker.js', import.meta.url);
  const parser = new Parser(worker, { sourceMaps, accountKey }, log);
  const { onCheckIns, onLogRows } = options;
  const ingest = new SpooledIngest({
    spool,
    journal,
    receipts,
    seen,
    claims,
    batcher,
    parser,
    files,
    onCheckIns,
    onLogRows,
    clock,
    log,
    maxBytes,
  });
  batcher.start();
  claims?.start((key) => receipts.find(key));
  return ingest;
}

interface Parts {
  spool: Spool;
  journal: Journal;
  receipts: Receipts;
  seen: SeenRecords;
  claims: DeliveryClaims | undefined;
  batcher: Batcher;
  parser: Parser;
  files: AttachmentFiles;
  onCheckIns: IngestOptions['onCheckIns'];
  onLogRows: ShowLogRows | undefined;
  clock: Clock;
  log: Log;
  maxBytes: number;
}

class SpooledIngest implements Ingest {
  readonly tail: Tail;
  readonly writer: TelemetryWriter;
  readonly #parts: Parts;
  readonly #sentry: SentryDoor;
  readonly #counts = { accepted: 0, rejected: 0, refused: 0, repeated: 0 };

  constructor(parts: Parts) {
    this.#parts = parts;
    this.tail = new Tail(parts.clock);
    const { parser, files, clock, onCheckIns } = parts;
    this.#sentry = new SentryDoor({
      parser,
      files,
      clock,
      onCheckIns,
      keep: (key, body, answer) => this.#keep(key, body, answer),
    });
    this.writer = {
      append: async (relation, rows) => {
        if (rows.length === 0) return;
        const body = encodeRows(relation, rows);
        const header = { at: parts.clock.now(), parts: body.parts };
        await parts.spool.append({ header, payload: body.payload, payloadCrc: body.payloadCrc, privileged: true });
        this.#show(body);
      },
    };
  }

  async accept(delivery: Delivery): Promise<IngestAnswer> {
    if (delivery.batchId === undefined) return this.#take(delivery, undefined);
    const key = receiptKey(delivery.project, delivery.batchId);
    const { answer, repeated } = await this.#parts.receipts.once(key, () => this.#take(delivery, key));
    if (repeated) this.#counts.repeated += 1;
    return answer;
  }

  acceptSentry(delivery: SentryDelivery): Promise<SentryAnswer> {
    return this.#sentry.take(delivery);
  }

  async acceptOtlp({ body, form, project }: OtlpDelivery): Promise<OtlpOutcome> {
    const now = this.#parts.clock.now();
    const encoded = await this.#parts.parser.parseOtlp(body, form, { project, now });
    if (!encoded.ok) throw new YumOpsError(encoded.code, encoded.message, { status: encoded.status });
    const { accepted, rejected, message, ...rows } = encoded;
    if (rows.parts.length > 0) await this.#append({ at: now, parts: rows.parts }, rows);
    this.#counts.accepted += accepted;
    this.#counts.rejected += rejected;
    return { accepted, rejected, message };
  }

  async acceptRum({ body, project, ...about }: RumDelivery): Promise<void> {
    const context = {
      ...about,
      project,
      now: this.#parts.clock.now(),
      scope: 'public' as const,
      ip: null,
      limited: [],
    };
    const encoded = await this.#parts.parser.parseRum(body, context);
    if (!encoded.ok) throw new YumOpsError(encoded.code, encoded.message, { status: encoded.status });
    const { dedupKey, accepted, rejected, ...rows } = encoded;
    this.#counts.rejected += rejected;
    const answer = { accepted, rejected: [] };
    await this.#keep(receiptKey(project, `rum:${dedupKey}`), { ...rows, prepare: async () => undefined }, answer);
  }

  noteRequestLines(noted: readonly string[]): void {
    this.#parts.parser.noteRequestLines({ noted, now: this.#parts.clock.now() });
  }

  readAttachment(id: string): Promise<Uint8Array | undefined> {
    return this.#parts.files.read(id);
  }

  moveAttachments(signal: AbortSignal): Promise<number> {
    return this.#parts.files.move(signal);
  }

  expireAttachments(before: number): Promise<void> {
    return this.#parts.files.expire(before);
  }

  /** Makes rows durable unless a delivery with this key is known. @returns whether it was */
  async #keep(key: string, body: EntryBody & { prepare(): Promise<void> }, answer: IngestAnswer): Promise<boolean> {
    const { repeated } = await this.#parts.receipts.once(key, async () => {
      await body.prepare();
      const { parts, payload, payloadCrc } = body;
      if (parts.length > 0) {
        const header = { at: this.#parts.clock.now(), parts, receipt: { key, answer } };
        await this.#append(header, { parts, payload, payloadCrc });
      }
      this.#counts.accepted += answer.accepted;
      return answer;
    });
    if (repeated) this.#counts.repeated += 1;
    return repeated;
  }

  async #append(header: EntryHeader, { parts, payload, payloadCrc }: EntryBody): Promise<void> {
    try {
      await this.#parts.spool.append({ header, payload, payloadCrc });
    } catch (error) {
      this.#counts.refused += 1;
      throw error;
    }
    this.#show({ parts, payload, payloadCrc });
  }

  async #take({ body, format, project }: Delivery, key: string | undefined): Promise<IngestAnswer> {
    const { parser, clock, seen } = this.#parts;
    const context = { project, now: clock.now() };
    if (format === 'ndjson' || format === 'json') {
      return this.#store(await parser.parse(body, format, context), context.now, key);
    }
    const all = await parser.parseForeign(body, format, context, new Set());
    const keys = all.ok ? all.keys : [];
    return seen.once(keys, async (known) => {
      const encoded = known.size === 0 ? all : await parser.parseForeign(body, format, context, known);
      const answer = await this.#store(encoded, context.now, key);
      this.#counts.repeated += known.size;
      return answer;
    });
  }

  /** Makes the rows of a body durable. @throws YumOpsError when it was refused as a whole */
  async #store(encoded: EncodedBody | ForeignEncoded, at: number, key: string | undefined): Promise<IngestAnswer> {
    if (!encoded.ok) throw new YumOpsError(encoded.code, encoded.message, { status: encoded.status });
    const { answer, parts, payload, payloadCrc, rejectedCount } = encoded;
    if (parts.length > 0) {
      const receipt = key === undefined ? {} : { receipt: { key, answer } };
      const records = 'keys' in encoded && encoded.keys.length > 0 ? { records: encoded.keys.join('') } : {};
      await this.#append({ at, parts, ...receipt, ...records }, { parts, payload, payloadCrc });
    }
    this.#counts.accepted += answer.accepted;
    this.#counts.rejected += rejectedCount;
    return answer;
  }

  /** What is durable has been taken: whoever looks on and fails must not make the sender repeat it. */
  #show(body: EntryBody): void {
    try {
      this.tail.publish(body);
      const { onLogRows } = this.#parts;
      if (onLogRows !== undefined) showLogRows(onLogRows, body.parts, body.payload);
    } catch (error) {
      this.#parts.log.error('What arrived could not be shown to those who follow it.', { reason: messageOf(error) });
    }
  }

  showWaitingLogRows(show: ShowLogRows): Promise<void> {
    const { spool, journal } = this.#parts;
    return spool.walk(journal.state.position, ({ header, payload }) => showLogRows(show, header.parts, payload));
  }

  stats(): IngestStats {
    const { spool, batcher, clock, maxBytes } = this.#parts;
    const oldest = spool.backlog.oldestArrival();
    return {
      spoolBytes: spool.bytes(),
      spoolMaxBytes: maxBytes,
      spoolRefusalBytes: spool.refusalBytes,
      trouble: spool.trouble() ?? batcher.trouble() ?? null,
      lagSeconds: oldest === undefined ? 0 : Math.max(0, (clock.now() - oldest) / 1_000),
      ...this.#counts,
      dropped: this.tail.dropped,
      retries: batcher.retries,
      lostDeadLetters: batcher.lostDeadLetters,
      stored: Object.fromEntries(batcher.stored),
    };
  }

  watermark(): number | undefined {
    return this.#parts.spool.backlog.oldestEvent();
  }

  async close(drainMs = 10_000): Promise<void> {
    const { parser, batcher, spool, receipts, seen, claims, journal } = this.#parts;
    await parser.close();
    await claims?.stop();
    await spool.settle();
    await batcher.close(drainMs);
    await spool.close();
    await receipts.close();
    await seen.close();
    await journal.close();
  }
}

function showLogRows(show: ShowLogRows, parts: readonly Part[], payload: Uint8Array): void {
  let at = 0;
  for (const { table, bytes, retentionClass } of parts) {
    if (table === 'logs') show(payload.subarray(at, at + bytes), retentionClass === 'security');
    at += bytes;
  }
}
