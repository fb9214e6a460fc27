import type { ByteWriter } from './byte-writer.ts';
import type { Scanner } from './scanner.ts';

/** Columns that a record can fill. Their names are the names on the wire. */
export const COLUMNS = [
  'timestamp',
  'level',
  'message',
  'type',
  'event',
  'severity',
  'endpoint',
  'method',
  'statusCode',
  'duration',
  'ip',
  'userId',
  'requestId',
  'traceId',
  'spanId',
  'service',
  'environment',
  'release',
  'requestBytes',
  'responseBytes',
  'clientIp',
  'slow',
  'aborted',
  'name',
  'value',
  'count',
  'sum',
  'unit',
  'provider',
  'host',
  'failed',
  'reason',
] as const;
export type Column = (typeof COLUMNS)[number];

const INDEX = new Map<string, number>(COLUMNS.map((column, index) => [column, index]));

/** A column's place in a draft. */
export function columnIndex(column: Column): number {
  return INDEX.get(column) as number;
}

const NAME_JSON = COLUMNS.map((column) => Buffer.from(`"${column}":`));

const EMPTY = 0;
const RAW = 1;
const TEXT = 2;

/** The columns of the record at hand, each a stretch of the sender's bytes or a JSON text of ours. Reused. */
export class Draft {
  readonly #state = new Uint8Array(COLUMNS.length);
  readonly #start = new Float64Array(COLUMNS.length);
  readonly #end = new Float64Array(COLUMNS.length);
  readonly #text: string[] = new Array<string>(COLUMNS.length).fill('');
  /** Event time, milliseconds since the epoch. */
  timestamp = 0;
  level = '';
  /** The level is a word that is not known, and stands as `info`. */
  unknownLevel = false;
  /** The value of `type`. */
  type = '';
  /** Every column holds the sender's bytes under the sender's name. */
  untouched = true;

  clear(): void {
    this.#state.fill(EMPTY);
    this.timestamp = 0;
    this.level = 'info';
    this.unknownLevel = false;
    this.type = '';
    this.untouched = true;
  }

  has(column: number): boolean {
    return this.#state[column] !== EMPTY;
  }

  /** Takes the value of a member as it came. */
  keep(column: number, scanner: Scanner, member: number): void {
    if (this.#state[column] !== EMPTY) this.untouched = false;
    this.#state[column] = RAW;
    this.#start[column] = scanner.valueStart[member] as number;
    this.#end[column] = scanner.valueEnd[member] as number;
  }

  /** Takes a JSON text. */
  put(column: number, json: string): void {
    this.#state[column] = TEXT;
    this.#text[column] = json;
    this.untouched = false;
  }

  /** The text of a column; empty when the column is. */
  text(column: number, bytes: Uint8Array): string {
    if (this.#state[column] === EMPTY) return '';
    const json =
      this.#state[column] === RAW
        ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(
            'utf8',
            this.#start[column] as number,
            this.#end[column] as number,
          )
        : (this.#text[column] as string);
    return json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1);
  }

  /** Writes `"column":value,`, or nothing when the column is empty. */
  write(column: number, bytes: Uint8Array, out: ByteWriter): void {
    if (this.#state[column] === EMPTY) return;
    const name = NAME_JSON[column] as Buffer;
    out.copy(name, 0, name.length);
    this.writeValue(column, bytes, out);
    out.byte(44);
  }

  writeValue(column: number, bytes: Uint8Array, out: ByteWriter): void {
    if (this.#state[column] === RAW) out.copy(bytes, this.#start[column] as number, this.#end[column] as number);
    else out.text(this.#text[column] as string);
  }
}
