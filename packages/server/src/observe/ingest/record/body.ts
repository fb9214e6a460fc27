import { isUtf8 } from 'node:buffer';
import { type IngestAnswer, MAX_LOG_RECORD, type RejectedLine } from '@yumops/protocol';
import { DEAD_LETTER_CLASS, DEAD_LETTER_TEXT, type DeadLetter } from '../batch/dead-letters.ts';
import { RequestLines } from '../request-lines.ts';
import { type EncodeContext, RecordEncoder } from './encoder.ts';
import { type EntryBody, PartSet } from './part-set.ts';
import type { Refused } from './readers.ts';
import { textOf } from './readers.ts';
import { scrubFragment } from './scrub-fragment.ts';
import { wellFormed } from './well-formed.ts';

export type BodyFormat = 'ndjson' | 'json';

/** A body that became rows, or that was refused as a whole. */
export type EncodedBody = ({ ok: true; answer: IngestAnswer; rejectedCount: number } & EntryBody) | RefusedBody;

export interface RefusedBody extends Refused {
  ok: false;
  status: number;
}

/** Records of one request. */
export const MAX_RECORDS = 200_000;

/** Refused records of one request that are listed and kept as dead letters; all are counted. */
const MAX_LISTED = 1_000;

/** Encodes the bodies of `/ingest/ndjson` and `/ingest/json`. One at a time; no other state than ids and known keys. */
export class BodyEncoder {
  readonly #encoder: RecordEncoder;

  /** The parameters are those of {@link RecordEncoder}. */
  constructor(nonce: string, accountKey: string, requestLines = new RequestLines()) {
    this.#encoder = new RecordEncoder(nonce, accountKey, requestLines);
  }

  /** @param addMore adds rows of its own to those of the body */
  encode(
    body: Uint8Array,
    format: BodyFormat,
    context: EncodeContext,
    addMore: (parts: PartSet) => void = () => undefined,
  ): EncodedBody {
    const given = Buffer.from(body.buffer, body.byteOffset, body.length);
    const bytes = isUtf8(given) ? given : Buffer.from(given.toString('utf8'));
    const result = new Result(format, context);
    const refused = format === 'ndjson' ? this.#lines(bytes, result) : this.#document(bytes, result);
    if (refused) return refused;
    addMore(result.parts);
    return result.finish();
  }

  #lines(bytes: Uint8Array, result: Result): RefusedBody | undefined {
    let start = skipMark(bytes);
    for (let line = 1; start < bytes.length; line += 1) {
      const newline = bytes.indexOf(10, start);
      const end = newline === -1 ? bytes.length : newline;
      this.#line(bytes, start, end, line, result);
      if (result.seen > MAX_RECORDS) return tooMany();
      start = end + 1;
    }
    return undefined;
  }

  #line(bytes: Uint8Array, lineStart: number, lineEnd: number, line: number, result: Result): void {
    const [start, end] = trim(bytes, lineStart, lineEnd);
    if (start === end) return;
    result.seen += 1;
    if (end - start > MAX_LOG_RECORD) {
      result.reject(line, recordTooLarge(), bytes, start, end);
      return;
    }
    const after = this.#encoder.scan(bytes, start, end);
    if (after === -1) {
      result.reject(line, this.#syntax(bytes, start), bytes, start, end);
    } else if (after !== end) {
      const message = 'One line must be one JSON object; more follows it.';
      result.reject(line, { code: 'trailing_data', message }, bytes, start, end);
    } else {
      const refused = this.#encoder.add(result.parts, true, result.context);
      if (refused) result.reject(line, refused, bytes, start, end);
      else result.accepted += 1;
    }
  }

  /** One object, or an array of objects; `line` counts the array's elements. */
  #document(bytes: Uint8Array, result: Result): RefusedBody | undefined {
    const [start, end] = trim(bytes, skipMark(bytes), bytes.length);
    if (start === end) return { ok: false, status: 400, code: 'empty_body', message: 'The body is empty.' };
    if (bytes[start] === 91) return this.#array(bytes, start, end, result);
    if (bytes[start] !== 123) return this.#invalid(start, this.#encoder.scan(bytes, start, end));
    const after = this.#element(bytes, start, end, 1, result);
    return after === end ? undefined : this.#invalid(start, after);
  }

  #array(bytes: Uint8Array, start: number, end: number, result: Result): RefusedBody | undefined {
    let at = skipSpace(bytes, start + 1, end);
    let open = bytes[at] !== 93;
    for (let index = 1; open; index += 1) {
      const after = this.#element(bytes, at, end, index, result);
      if (after === -1) return this.#invalid(start, -1);
      if (result.seen > MAX_RECORDS) return tooMany();
      at = skipSpace(bytes, after, end);
      open = bytes[at] === 44 && at < end;
      if (open) at = skipSpace(bytes, at + 1, end);
    }
    return at === end - 1 && bytes[at] === 93 ? undefined : this.#invalid(start, at);
  }

  #element(bytes: Uint8Array, start: number, end: number, index: number, result: Result): number {
    const isRecord = bytes[start] === 123;
    const after = isRecord ? this.#encoder.scan(bytes, start, end) : this.#encoder.skip(bytes, start, end);
    if (after === -1) return -1;
    result.seen += 1;
    if (!isRecord) {
      result.reject(index, { code: 'not_an_object', message: 'A record must be a JSON object.' }, bytes, start, after);
      return after;
    }
    const refused =
      after - start > MAX_LOG_RECORD ? recordTooLarge() : this.#encoder.add(result.parts, false, result.context);
    if (refused) result.reject(index, refused, bytes, start, after);
    else result.accepted += 1;
    return after;
  }

  #syntax(bytes: Uint8Array, start: number): Refused {
    const notObject = bytes[start] !== 123;
    return notObject
      ? { code: 'not_an_object', message: 'A line must be a JSON object in {…}.' }
      : { code: 'invalid_json', message: this.#encoder.syntaxProblem(start) };
  }

  #invalid(start: number, at: number): RefusedBody {
    const message =
      at === -1
        ? this.#encoder.syntaxProblem(start)
        : `Not valid JSON: an object or an array of objects was expected to end at character ${at - start + 1}.`;
    return { ok: false, status: 400, code: 'invalid_json', message };
  }
}

class Result {
  readonly parts = new PartSet();
  readonly context: EncodeContext;
  readonly #format: BodyFormat;
  readonly #rejected: RejectedLine[] = [];
  accepted = 0;
  seen = 0;
  #rejectedCount = 0;

  constructor(format: BodyFormat, context: EncodeContext) {
    this.#format = format;
    this.context = context;
  }

  reject(line: number, refused: Refused, bytes: Uint8Array, start: number, end: number): void {
    this.#rejectedCount += 1;
    if (this.#rejected.length >= MAX_LISTED) return;
    this.#rejected.push({ line, ...refused });
    const text = textOf(bytes, start, Math.min(end, start + DEAD_LETTER_TEXT));
    const letter: DeadLetter & { retentionClass: string } = {
      timestamp: this.context.now,
      project: this.context.project,
      source: this.#format,
      line,
      ...refused,
      record: wellFormed(scrubFragment(text)),
      retentionClass: DEAD_LETTER_CLASS,
    };
    this.parts.beginRow('dead_letters', letter.timestamp, DEAD_LETTER_CLASS).text(`${JSON.stringify(letter)}\n`);
  }

  finish(): EncodedBody {
    const answer: IngestAnswer & { rejectedTotal?: number } = { accepted: this.accepted, rejected: this.#rejected };
    if (this.#rejectedCount > this.#rejected.length) answer.rejectedTotal = this.#rejectedCount;
    return { ok: true, answer, rejectedCount: this.#rejectedCount, ...this.parts.take() };
  }
}

function recordTooLarge(): Refused {
  return { code: 'record_too_large', message: `A record may have at most ${MAX_LOG_RECORD / 1_024} KiB.` };
}

function tooMany(): RefusedBody {
  return {
    ok: false,
    status: 413,
    code: 'too_many_records',
    message: `One request may have at most ${MAX_RECORDS} records.`,
  };
}

/** Offset behind a byte order mark, if there is one. */
function skipMark(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

function trim(bytes: Uint8Array, start: number, end: number): [number, number] {
  let to = end;
  const from = skipSpace(bytes, start, end);
  while (to > from && isSpace(bytes[to - 1] as number)) to -= 1;
  return [from, to];
}

function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && isSpace(bytes[i] as number)) i += 1;
  return i;
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}
