import type { SourceMaps } from '../../errors/index.ts';
import type { Json } from '../record/json-value.ts';
import type { Refused } from '../record/readers.ts';
import type { Category, ItemContext, PartlyRefused } from './context.ts';
import type { EnvelopeItem } from './envelope.ts';
import {
  addAttachment,
  addCheckIn,
  addClientReport,
  addFeedback,
  addReplayEvent,
  addUserReport,
} from './items-companion.ts';
import { addEvent } from './items-event.ts';
import { addLogItems, addMetricItems } from './items-log.ts';
import { addSession, addSessionAggregates } from './items-session.ts';
import { addSpanItems, addTransaction } from './items-span.ts';

/** One JSON document of an item, and what it is added with. */
export interface DocumentInput {
  value: Json;
  /** The envelope's event id, else the document's, else a new one. */
  id: string;
  /** The same for the same bytes. */
  seed: string;
  context: ItemContext;
  sourceMaps: SourceMaps;
}

interface KindBase {
  category: Category;
  /** Whether a key that stands in a web page may send it. */
  public: boolean;
  maxBytes: number;
}

/** How items of a type are read. Adding says what was refused: of a container, how many members. */
export type ItemKind =
  | (KindBase & { form: 'document'; add(input: DocumentInput): PartlyRefused | undefined })
  | (KindBase & { form: 'container'; add(items: readonly unknown[], context: ItemContext, seed: string): number })
  | (KindBase & { form: 'bytes'; add(item: EnvelopeItem, context: ItemContext): Refused | undefined });

const KIB = 1_024;
const MIB = 1_024 * KIB;

export const ITEM_KINDS: Readonly<Record<string, ItemKind>> = {
  event: {
    category: 'error',
    public: true,
    maxBytes: MIB,
    form: 'document',
    add: ({ value, id, context, sourceMaps }) => addEvent(value, id, context, sourceMaps),
  },
  transaction: {
    category: 'transaction',
    public: true,
    maxBytes: 4 * MIB,
    form: 'document',
    add: ({ value, context }) => addTransaction(value, context),
  },
  span: { category: 'span', public: true, maxBytes: 16 * MIB, form: 'container', add: addSpanItems },
  session: {
    category: 'session',
    public: true,
    maxBytes: 64 * KIB,
    form: 'document',
    add: ({ value, context }) => addSession(value, context),
  },
  sessions: {
    category: 'session',
    public: true,
    maxBytes: MIB,
    form: 'document',
    add: ({ value, context, seed }) => addSessionAggregates(value, context, seed),
  },
  check_in: {
    category: 'monitor',
    public: false,
    maxBytes: 100 * KIB,
    form: 'document',
    add: ({ value, context }) => addCheckIn(value, context),
  },
  log: { category: 'log_item', public: false, maxBytes: 16 * MIB, form: 'container', add: addLogItems },
  trace_metric: { category: 'trace_metric', public: false, maxBytes: 16 * MIB, form: 'container', add: addMetricItems },
  feedback: {
    category: 'feedback',
    public: true,
    maxBytes: MIB,
    form: 'document',
    add: ({ value, id, context }) => addFeedback(value, id, context),
  },
  user_report: {
    category: 'feedback',
    public: true,
    maxBytes: MIB,
    form: 'document',
    add: ({ value, context }) => addUserReport(value, context),
  },
  client_report: {
    category: 'internal',
    public: true,
    maxBytes: MIB,
    form: 'document',
    add: ({ value, context, seed }) => addClientReport(value, context, seed),
  },
  attachment: { category: 'attachment', public: true, maxBytes: 20 * MIB, form: 'bytes', add: addAttachment },
  replay_event: {
    category: 'replay',
    public: true,
    maxBytes: MIB,
    form: 'document',
    add: ({ value, id, context }) => addReplayEvent(value, id, context),
  },
};

/** Types of the protocol that this platform has no use for, with the categories in which they are counted; not kept. */
const UNUSED = new Map<string, Category>([
  ['replay_recording', 'replay'],
  ['replay_video', 'replay'],
  ['profile', 'profile'],
  ['profile_chunk', 'profile_chunk'],
  ['statsd', 'metric_bucket'],
  ['metric_meta', 'metric_bucket'],
  ['nel', 'security'],
]);

/** @returns the category of a type that is known and not kept; undefined for every other type */
export function categoryOfUnused(type: string): Category | undefined {
  return UNUSED.get(type);
}
