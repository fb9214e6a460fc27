import { createHash, randomUUID } from 'node:crypto';
import type { SourceMaps } from '../../errors/index.ts';
import { DEAD_LETTER_CLASS, DEAD_LETTER_TEXT } from '../batch/dead-letters.ts';
import { driftOf } from '../record/event-time.ts';
import { hexId, isObject, objectOf } from '../record/json-value.ts';
import { type EntryBody, PartSet } from '../record/part-set.ts';
import type { Refused } from '../record/readers.ts';
import { scrubFragment } from '../record/scrub-fragment.ts';
import { scrubTree } from '../record/scrub-tree.ts';
import { wellFormed, wellFormedJson } from '../record/well-formed.ts';
import type { RequestLines } from '../request-lines.ts';
import type {
  AttachedFile,
  Category,
  ItemContext,
  Loss,
  PartlyRefused,
  SentryCheckIn,
  SentryContext,
} from './context.ts';
import { type EnvelopeItem, isRefused, parseJson, readEnvelope } from './envelope.ts';
import { categoryOfUnused, ITEM_KINDS, type ItemKind } from './item-kinds.ts';
import { addEvent } from './items-event.ts';
import { addLoss } from './rows.ts';
import { readSecurityReports } from './security-report.ts';

export type SentryFormat = 'envelope' | 'store' | 'security' | 'check-in';

/** What a Sentry request became. */
export type SentryEncoded = SentryTaken | SentryRefused;

export interface SentryTaken extends EntryBody {
  ok: true;
  /** The event's id, or one made for the request. */
  id: string;
  /** Names the request for as long as repetitions are recognised. */
  dedupKey: string;
  files: AttachedFile[];
  checkIns: SentryCheckIn[];
  taken: [Category, number][];
  lost: Loss[];
}

export interface SentryRefused extends Refused {
  ok: false;
  status: number;
}

/** Turns the bodies of Sentry's protocol into rows. One at a time. */
export class SentryIntake {
  readonly #sourceMaps: SourceMaps;
  readonly #requestLines: RequestLines;

  constructor(sourceMaps: SourceMaps, requestLines: RequestLines) {
    this.#sourceMaps = sourceMaps;
    this.#requestLines = requestLines;
  }

  encode(body: Uint8Array, format: SentryFormat, context: SentryContext): SentryEncoded {
    switch (format) {
      case 'envelope':
        return this.#envelope(body, context);
      case 'store':
        return this.#one('event', parseJson(body), context);
      case 'check-in':
        return this.#one('check_in', parseJson(body), context);
      case 'security':
        return this.#security(body, context);
    }
  }

  #envelope(body: Uint8Array, context: SentryContext): SentryEncoded {
    const envelope = readEnvelope(body);
    if (isRefused(envelope)) return { ok: false, status: 400, ...envelope };
    const { header, items } = envelope;
    for (const type of ['event', 'transaction']) {
      if (items.filter((item) => item.type === type).length > 1) {
        const message = `An envelope may have one item of type ${type}.`;
        return { ok: false, status: 400, code: 'duplicate_item', message };
      }
    }
    return this.#take(items, header, digestOf(body), context);
  }

  /** The one JSON document of an older route, as the item it stands for. */
  #one(type: string, value: unknown, context: SentryContext): SentryEncoded {
    if (!isObject(value)) return notJson();
    const payload = Buffer.from(JSON.stringify(value));
    return this.#take([{ type, header: { type }, payload }], {}, digestOf(payload), context);
  }

  #security(body: Uint8Array, context: SentryContext): SentryEncoded {
    const events = readSecurityReports(parseJson(body));
    if (events.length === 0) {
      const message = 'The body is no report of CSP, Expect-CT, Expect-Staple, NEL or the Reporting API.';
      return { ok: false, status: 400, code: 'invalid_report', message };
    }
    if (context.limited.includes('security')) return limited();
    const digest = digestOf(body);
    const id = randomId();
    const item = this.#context({}, null, context);
    for (const event of events) {
      const refused = addEvent(event, randomId(), item, this.#sourceMaps, 'security');
      if (refused) return { ok: false, status: 400, ...refused };
    }
    return finish(item, { id, dedupKey: `${digest}-${context.now}`, lost: [] });
  }

  #take(
    items: readonly EnvelopeItem[],
    header: Readonly<Record<string, unknown>>,
    digest: string,
    context: SentryContext,
  ): SentryEncoded {
    const main = items.find(({ type }) => type === 'event' || type === 'transaction');
    const ownId = hexId(header['event_id']) ?? (main ? hexId(objectOf(parseJson(main.payload))['event_id']) : null);
    const envelopeId = ownId ?? (main ? randomId() : null);
    const item = this.#context(header, envelopeId, context);
    const lost: Loss[] = [];
    const refusals: Refused[] = [];
    items.forEach((one, index) => {
      const outcome = this.#item(one, `${digest}-${index.toString(36)}`, item);
      if (!outcome) return;
      lost.push({ reason: outcome.code, category: outcome.category, quantity: outcome.quantity });
      if (!SKIPPED.has(outcome.code)) refusals.push(outcome);
      if (outcome.letter) addDeadLetter(item, outcome, one.payload);
    });
    for (const [index, loss] of lost.entries()) addLoss(item, loss, `${digest}-lost-${index}`);
    if (item.out.taken.size === 0 && refusals.length > 0) return refusal(refusals, lost);
    const kind = main ? `${main.type}:` : '';
    // Without an id the same words twice are two events.
    const dedupKey = main ? `${kind}${ownId ?? randomId()}` : digest;
    return finish(item, { id: envelopeId ?? randomId(), dedupKey, lost });
  }

  #context(header: Readonly<Record<string, unknown>>, envelopeId: string | null, context: SentryContext): ItemContext {
    return {
      ...context,
      envelopeId,
      drift: driftOf(header['sent_at'], context.now),
      trace: objectOf(scrubTree(header['trace'])),
      sdk: objectOf(scrubTree(header['sdk'])),
      requestLines: this.#requestLines,
      out: { parts: new PartSet(), files: [], checkIns: [], taken: new Map() },
    };
  }

  #item(item: EnvelopeItem, seed: string, context: ItemContext): Outcome | undefined {
    const kind = Object.hasOwn(ITEM_KINDS, item.type) ? ITEM_KINDS[item.type] : undefined;
    if (!kind) {
      const unused = categoryOfUnused(item.type);
      const code = unused ? 'not_kept' : 'unknown_item_type';
      const message = `Items of type "${item.type.slice(0, 64)}" are not kept.`;
      return { code, message, category: unused ?? 'default', quantity: 1, letter: false };
    }
    const quantity = countOf(item);
    const refuse = (refused: PartlyRefused, letter = false): Outcome => ({
      ...{ category: kind.category, quantity },
      ...refused,
      letter,
    });
    if (context.scope === 'public' && !kind.public) {
      return refuse({ code: 'key_scope', message: `A public key cannot send items of type ${item.type}.` });
    }
    if (context.limited.includes(kind.category)) {
      return refuse({ code: 'ratelimit_backoff', message: `More of category ${kind.category} than the key may send.` });
    }
    if (item.payload.length > kind.maxBytes) {
      return refuse({ code: 'too_large', message: `An item of type ${item.type} may have ${kind.maxBytes} bytes.` });
    }
    const added = this.#add(kind, item, seed, context);
    if (typeof added === 'number') {
      if (added === 0) return undefined;
      const message = `${added} members of the ${item.type} container were not understood.`;
      return { code: 'invalid_items', message, category: kind.category, quantity: added, letter: true };
    }
    return added && refuse(added, true);
  }

  #add(kind: ItemKind, item: EnvelopeItem, seed: string, context: ItemContext): PartlyRefused | number | undefined {
    if (kind.form === 'bytes') return kind.add(item, context);
    const value = parseJson(item.payload);
    if (!isObject(value))
      return { code: 'invalid_json', message: `The item of type ${item.type} is not a JSON object.` };
    if (kind.form === 'container') {
      const items = value['items'];
      if (!Array.isArray(items))
        return { code: 'invalid_container', message: `The ${item.type} container has no items.` };
      return kind.add(items, { ...context, inferred: inferredOf(value['ingest_settings'], context) }, seed);
    }
    const id = context.envelopeId ?? hexId(value['event_id']) ?? randomId();
    return kind.add({ value, id, seed, context, sourceMaps: this.#sourceMaps });
  }
}

/** What is left out and counted without a word to the sender, who can do nothing about it. */
const SKIPPED: ReadonlySet<string> = new Set(['unknown_item_type', 'not_kept']);

/** What the sender of a container asks to be filled in: browsers do not know their own address. */
function inferredOf(settings: unknown, { ip, userAgent }: ItemContext): Record<string, string> {
  const { infer_ip: address, infer_user_agent: agent } = objectOf(settings);
  return {
    ...(address === 'auto' && ip !== null && { 'client.address': ip }),
    ...(agent === 'auto' &&
      userAgent !== null && { 'user_agent.original': String(scrubTree(userAgent.slice(0, 500))) }),
  };
}

interface Outcome extends Refused {
  category: Category;
  quantity: number;
  /** Whether what was refused is kept as a dead letter. */
  letter: boolean;
}

function countOf({ header }: EnvelopeItem): number {
  const count = header['item_count'];
  return typeof count === 'number' && Number.isInteger(count) && count > 0 && count < 100_000 ? count : 1;
}

/** What a request gets of which nothing was taken. */
function refusal(refusals: readonly Refused[], lost: readonly Loss[]): SentryRefused {
  const [first] = refusals as [Refused];
  if (lost.some(({ reason }) => reason === 'ratelimit_backoff')) return limited();
  const status = first.code === 'key_scope' ? 403 : first.code === 'too_large' ? 413 : 400;
  return { ok: false, status, ...first };
}

function limited(): SentryRefused {
  return { ok: false, status: 429, code: 'rate_limited', message: 'This key has sent as much as it may for now.' };
}

function notJson(): SentryRefused {
  return { ok: false, status: 400, code: 'invalid_json', message: 'The body is not a JSON object.' };
}

function addDeadLetter(context: ItemContext, refused: Refused, payload: Uint8Array): void {
  const value = parseJson(payload);
  const text = Buffer.from(payload.subarray(0, DEAD_LETTER_TEXT)).toString('utf8');
  const record = value === undefined ? scrubFragment(text) : JSON.stringify(scrubTree(value));
  const letter = {
    timestamp: context.now,
    project: context.project,
    source: 'sentry',
    line: null,
    code: refused.code,
    message: refused.message,
    record: wellFormed(record.slice(0, DEAD_LETTER_TEXT)),
    retentionClass: DEAD_LETTER_CLASS,
  };
  context.out.parts.beginRow('dead_letters', context.now, DEAD_LETTER_CLASS).text(`${wellFormedJson(letter)}\n`);
}

function finish(context: ItemContext, rest: Pick<SentryTaken, 'id' | 'dedupKey' | 'lost'>): SentryTaken {
  const { parts, files, checkIns, taken } = context.out;
  return { ok: true, ...rest, files, checkIns, taken: [...taken], ...parts.take() };
}

function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 32);
}

function randomId(): string {
  return randomUUID().replaceAll('-', '');
}
