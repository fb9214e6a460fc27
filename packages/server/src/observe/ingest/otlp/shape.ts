import { isObject, type Json } from '../record/json-value.ts';
import type { Refused } from '../record/readers.ts';
import type { OtlpSignal } from './decode.ts';
import { member } from './value.ts';

/** A message of an export request, with the lists of messages that lie in it. */
interface Level {
  /** Its name in the list of the level above, in lowerCamelCase. */
  name: string;
  /** Its other members, as published. */
  known: readonly string[];
  below?: Level;
}

const RECORD = [
  'timeUnixNano',
  'observedTimeUnixNano',
  'severityNumber',
  'severityText',
  'body',
  'attributes',
  'droppedAttributesCount',
  'flags',
  'traceId',
  'spanId',
  'eventName',
];

const SPAN = [
  'traceId',
  'spanId',
  'traceState',
  'parentSpanId',
  'flags',
  'name',
  'kind',
  'startTimeUnixNano',
  'endTimeUnixNano',
  'attributes',
  'droppedAttributesCount',
  'events',
  'droppedEventsCount',
  'links',
  'droppedLinksCount',
  'status',
];

const METRIC = [
  'name',
  'description',
  'unit',
  'gauge',
  'sum',
  'histogram',
  'exponentialHistogram',
  'summary',
  'metadata',
];

const resource = (name: string, below: Level): Level => ({ name, known: ['resource', 'schemaUrl'], below });
const scope = (name: string, below: Level): Level => ({ name, known: ['scope', 'schemaUrl'], below });

const LEVELS: Readonly<Record<OtlpSignal, Level>> = {
  logs: resource('resourceLogs', scope('scopeLogs', { name: 'logRecords', known: RECORD })),
  traces: resource('resourceSpans', scope('scopeSpans', { name: 'spans', known: SPAN })),
  metrics: resource('resourceMetrics', scope('scopeMetrics', { name: 'metrics', known: METRIC })),
};

/** What was not as published in a request that is good otherwise. */
export interface ShapeNotes {
  /** Members of the lists that are no messages, and are left out. */
  strays: number;
  /** What the sender should know; empty when all is as published. */
  note: string;
}

export const NO_NOTES: ShapeNotes = { strays: 0, note: '' };

/**
 * Looks whether a request in JSON has the form of OTLP: what is called a list is one, and its names are known.
 * @returns a refusal where a list is something else
 */
export function checkShape(request: Json, signal: OtlpSignal): ShapeNotes | Refused {
  const walk = new Walk();
  const refused = walk.list(request, LEVELS[signal], []);
  return refused ?? { strays: walk.strays, note: walk.note() };
}

/** Names that are told to the sender. */
const MOST_NAMES = 5;

class Walk {
  readonly #unknown = new Set<string>();
  readonly #snake = new Set<string>();
  strays = 0;

  list(object: Json, level: Level, known: readonly string[]): Refused | undefined {
    this.#names(object, [...known, level.name]);
    const list = member(object, level.name);
    if (list === undefined || list === null) return undefined;
    if (!Array.isArray(list)) return { code: 'invalid_body', message: `${level.name} must be a list.` };
    for (const entry of list as readonly unknown[]) {
      const refused = this.#entry(entry, level);
      if (refused) return refused;
    }
    return undefined;
  }

  #entry(entry: unknown, level: Level): Refused | undefined {
    if (!isObject(entry)) {
      this.strays += 1;
      return undefined;
    }
    if (level.below) return this.list(entry, level.below, level.known);
    this.#names(entry, level.known);
    return undefined;
  }

  #names(object: Json, known: readonly string[]): void {
    for (const name of Object.keys(object)) {
      if (known.includes(name)) continue;
      const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      (known.includes(camel) ? this.#snake : this.#unknown).add(name.slice(0, 64));
    }
  }

  note(): string {
    const listed = (names: ReadonlySet<string>) => [...names].slice(0, MOST_NAMES).join(', ');
    return [
      ...(this.#unknown.size > 0 ? [`Not known and left out: ${listed(this.#unknown)}.`] : []),
      ...(this.#snake.size > 0 ? [`Read, though OTLP writes it in lowerCamelCase: ${listed(this.#snake)}.`] : []),
    ].join(' ');
  }
}
