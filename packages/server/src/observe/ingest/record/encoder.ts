import { pseudonymOf } from '../../../lib/pseudonym.ts';
import { type RequestLines, serviceKey } from '../request-lines.ts';
import { Attributes } from './attributes.ts';
import type { ByteWriter } from './byte-writer.ts';
import { columnIndex, Draft } from './draft.ts';
import { KeyTable } from './key-table.ts';
import type { PartSet } from './part-set.ts';
import { decodeText, matchWord, putArrival, type Refused, rawText, readTimestamp } from './readers.ts';
import {
  FIELDS,
  type FieldRule,
  fieldNumber,
  LOG_ROUTE,
  METRIC_ROUTE,
  OUTBOUND_ROUTE,
  REQUEST_COLUMNS,
  REQUEST_EXTRAS,
  type Route,
} from './routes.ts';
import { KIND, Scanner } from './scanner.ts';

export interface EncodeContext {
  /** Project of the key. */
  project: string;
  /** Arrival, milliseconds since the epoch. */
  now: number;
  /**
   * The sender knows nothing of our columns and hears of no refusal, so that a value which fits no column becomes an
   * attribute, and a time that cannot be read one beside the arrival.
   */
  foreign?: boolean;
}

const TYPE_FIELD = fieldNumber('type');
const TIMESTAMP_FIELD = fieldNumber('timestamp');
const TIME_FIELD = fieldNumber('time');

/** Types that are recognised without decoding them. */
const TYPES = ['performance', 'business', 'security', 'request', 'metric', 'outbound'];
const ROUTING_TYPES = TYPES.map((type) => Buffer.from(type));

const TYPE = columnIndex('type');
const LEVEL = columnIndex('level');
const REQUEST_ID = columnIndex('requestId');
const METHOD = columnIndex('method');
const SERVICE = columnIndex('service');
const STATUS_CODE = columnIndex('statusCode');

/**
 * Turns the bytes of one record into rows: validated, typed, scrubbed of secrets, routed to its tables. Columns of a log
 * line that all have the right type are copied as they came, with attributes and the platform's own columns spliced on.
 */
export class RecordEncoder {
  readonly #scanner = new Scanner(new KeyTable(FIELDS));
  readonly #draft = new Draft();
  readonly #attributes = new Attributes(this.#scanner);
  /** The last member of each field, by number of the field; -1 when the record lacks it. */
  readonly #members = new Int32Array(FIELDS.length);
  /** Where members that are columns stand without another between: start and end of each such run. */
  readonly #runs: number[] = [];
  /** The member that the last run ends with. */
  #runMember = -1;
  readonly #nonce: string;
  readonly #requestLines: RequestLines;
  readonly #pseudonym: (account: string) => string;
  #counter = 0;
  #idTime = Number.NaN;
  #idStart = '';

  /**
   * @param nonce letters and digits that no other encoder has; part of every row's id
   * @param accountKey key of the hash that stands for an account in security events
   * @param requestLines is told which services write lines of requests
   */
  constructor(nonce: string, accountKey: string, requestLines: RequestLines) {
    this.#nonce = nonce;
    this.#requestLines = requestLines;
    this.#pseudonym = (account) => pseudonymOf(accountKey, account);
  }

  /**
   * Scans the object at `start`.
   * @returns the offset behind it, or -1: see `syntaxProblem`
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    this.#scanner.keys.trim();
    return this.#scanner.scan(bytes, start, end);
  }

  /**
   * Steps over the value at `start`, whatever it is.
   * @returns the offset behind it, or -1: see `syntaxProblem`
   */
  skip(bytes: Uint8Array, start: number, end: number): number {
    return this.#scanner.skip(bytes, start, end);
  }

  /** Why the last `scan` failed, as a sentence. @param start where the record began */
  syntaxProblem(start: number): string {
    const { problem, problemAt } = this.#scanner;
    return `Not valid JSON: ${problem} at character ${problemAt - start + 1}.`;
  }

  /**
   * Adds the rows of the record scanned last.
   * @param line whether the record stands in one line, of which stretches may be copied
   */
  add(parts: PartSet, line: boolean, context: EncodeContext): Refused | undefined {
    this.#draft.clear();
    this.#attributes.clear();
    this.#runs.length = 0;
    this.#collectKeys();
    const route = this.#route();
    this.#attributes.pseudonym = this.#draft.type === 'security' ? this.#pseudonym : null;
    const refused = this.#readTime(context) ?? this.#readMembers(route, context.foreign === true);
    if (refused) return refused;
    for (const column of route.required) {
      if (!this.#draft.has(columnIndex(column))) {
        return { code: `missing_${column}`, message: `A record of type ${this.#draft.type} needs "${column}".` };
      }
    }
    const id = this.#nextId();
    if (route === LOG_ROUTE && this.#isRequest()) this.#addRequest(parts, id, context);
    this.#addRow(parts, route, id, context, line);
    return undefined;
  }

  #collectKeys(): void {
    const { count, key, keys } = this.#scanner;
    this.#members.fill(-1);
    for (let i = 0; i < count; i += 1) {
      const field = keys.field(key[i] as number);
      if (field >= 0) this.#members[field] = i;
    }
  }

  #route(): Route {
    const member = this.#members[TYPE_FIELD] as number;
    if (member < 0 || this.#scanner.kind[member] !== KIND.string) return LOG_ROUTE;
    const known = matchWord(this.#scanner, member, ROUTING_TYPES);
    this.#draft.type = known >= 0 ? (TYPES[known] as string) : decodeText(this.#scanner, member);
    if (this.#draft.type === 'metric') return METRIC_ROUTE;
    return this.#draft.type === 'outbound' ? OUTBOUND_ROUTE : LOG_ROUTE;
  }

  #readTime({ now, foreign }: EncodeContext): Refused | undefined {
    const own = this.#members[TIMESTAMP_FIELD] as number;
    const member = own >= 0 ? own : (this.#members[TIME_FIELD] as number);
    if (member < 0 || this.#scanner.kind[member] === KIND.null) {
      putArrival(this.#draft, now);
      return undefined;
    }
    const read = this.#timeOf(member, now, foreign === true);
    if (typeof read === 'object') return read;
    if (own < 0) this.#draft.untouched = false;
    if (read === 'replaced') {
      const isText = this.#scanner.kind[member] === KIND.string;
      this.#attributes.addText(
        'originalTimestamp',
        isText ? decodeText(this.#scanner, member) : rawText(this.#scanner, member),
      );
    }
    return undefined;
  }

  #timeOf(member: number, now: number, foreign: boolean): ReturnType<typeof readTimestamp> {
    const read = readTimestamp(this.#draft, this.#scanner, member, now);
    if (typeof read !== 'object' || !foreign) return read;
    putArrival(this.#draft, now);
    return 'replaced';
  }

  #readMembers(route: Route, foreign: boolean): Refused | undefined {
    const scanner = this.#scanner;
    for (let i = 0; i < scanner.count; i += 1) {
      const field = scanner.keys.field(scanner.key[i] as number);
      if (field < 0) {
        this.#attributes.addMember(i);
        continue;
      }
      const refused = this.#readField(route, field, i);
      if (!refused) continue;
      if (!foreign) return refused;
      this.#draft.untouched = false;
      this.#attributes.addMember(i);
    }
    return undefined;
  }

  #readField(route: Route, field: number, member: number): Refused | undefined {
    if (field === TIMESTAMP_FIELD || (field === TIME_FIELD && (this.#members[TIMESTAMP_FIELD] as number) < 0)) {
      if (this.#members[field] === member) this.#addToRun(member);
      return undefined;
    }
    const rule = route.rules[field];
    if (rule && (rule.unless < 0 || (this.#members[rule.unless] as number) < 0)) {
      this.#addToRun(member);
      return this.#useRule(rule, member);
    }
    if (route.inner.has(field)) this.#attributes.addInner(member);
    else if (route === LOG_ROUTE || field !== TYPE_FIELD) this.#attributes.addMember(member);
    return undefined;
  }

  #addToRun(member: number): void {
    const runs = this.#runs;
    const end = this.#scanner.valueEnd[member] as number;
    if (runs.length > 0 && this.#runMember === member - 1) runs[runs.length - 1] = end;
    else runs.push((this.#scanner.keyStart[member] as number) - 1, end);
    this.#runMember = member;
  }

  #useRule(rule: FieldRule, member: number): Refused | undefined {
    const scanner = this.#scanner;
    if (!rule.own || scanner.kind[member] === KIND.null) this.#draft.untouched = false;
    const refused = rule.read(this.#draft, rule.column, scanner, member);
    if (rule.column === LEVEL && this.#draft.unknownLevel) {
      this.#attributes.addText('originalLevel', decodeText(scanner, member));
    }
    return refused;
  }

  /** Whether the record is the line of a request, whatever type its sender gave it. */
  #isRequest(): boolean {
    const { type } = this.#draft;
    if (type === 'request') {
      this.#draft.put(TYPE, '"performance"');
      return true;
    }
    return type === 'performance' && this.#draft.has(METHOD) && this.#draft.has(STATUS_CODE);
  }

  #addRequest(parts: PartSet, id: string, context: EncodeContext): void {
    const scanner = this.#scanner;
    const draft = this.#draft;
    const { untouched } = draft;
    for (const { field, column, read } of REQUEST_EXTRAS) {
      const member = this.#members[field] as number;
      if (member >= 0) read(draft, column, scanner, member);
    }
    draft.untouched = untouched;
    this.#requestLines.note(serviceKey(context.project, draft.text(SERVICE, scanner.bytes)), context.now);
    const out = parts.beginRow('request_rows', draft.timestamp, 'requests');
    out.byte(123);
    for (const column of REQUEST_COLUMNS) draft.write(column, scanner.bytes, out);
    out.ascii('"dedupKey":');
    if (draft.has(REQUEST_ID)) draft.writeValue(REQUEST_ID, scanner.bytes, out);
    else out.ascii(`"${id}"`);
    out.byte(44);
    closeRow(out, context.project, undefined, 'requests');
  }

  #addRow(parts: PartSet, route: Route, id: string, context: EncodeContext, line: boolean): void {
    const draft = this.#draft;
    const retentionClass = route.retentionClass(draft);
    const out = parts.beginRow(route.table, draft.timestamp, retentionClass);
    const { bytes } = this.#scanner;
    out.byte(123);
    if (line && route === LOG_ROUTE && draft.untouched) this.#copyRuns(out);
    else for (const column of route.columns) draft.write(column, bytes, out);
    if (route === LOG_ROUTE && !draft.has(LEVEL)) out.ascii('"level":"info",');
    this.#writeAttributes(out);
    closeRow(out, context.project, id, retentionClass);
  }

  #copyRuns(out: ByteWriter): void {
    for (let i = 0; i < this.#runs.length; i += 2) {
      out.copy(this.#scanner.bytes, this.#runs[i] as number, this.#runs[i + 1] as number);
      out.byte(44);
    }
  }

  #writeAttributes(out: ByteWriter): void {
    if (this.#attributes.count === 0) return;
    const view = this.#attributes.view();
    out.ascii('"attributes":{');
    out.copy(view, 0, view.length);
    out.ascii('},');
  }

  /** Holds the row's time, so that a row is found by its id without a search. */
  #nextId(): string {
    this.#counter += 1;
    const { timestamp } = this.#draft;
    if (timestamp !== this.#idTime) {
      this.#idTime = timestamp;
      this.#idStart = `${timestamp.toString(36)}-${this.#nonce}`;
    }
    return this.#idStart + this.#counter.toString(36);
  }
}

/** Adds the platform's own columns to a row whose last byte is a comma. */
function closeRow(out: ByteWriter, project: string, id: string | undefined, retentionClass: string): void {
  if (id !== undefined) out.ascii(`"id":"${id}",`);
  out.ascii(`"project":"${project}","retentionClass":"${retentionClass}"}\n`);
}
