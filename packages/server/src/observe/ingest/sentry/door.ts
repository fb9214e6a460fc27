import { createHash } from 'node:crypto';
import type { IngestAnswer } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import type { GroupingRule } from '../../errors/index.ts';
import type { Parser } from '../parser.ts';
import type { EntryBody } from '../record/part-set.ts';
import { receiptKey } from '../spool/receipts.ts';
import type { AttachmentFiles } from './attachment-files.ts';
import type { SentryCheckIn } from './context.ts';
import type { SentryFormat, SentryTaken } from './intake.ts';
import { type Limit, Quotas } from './quota.ts';

/** A request of Sentry's protocol. */
export interface SentryDelivery {
  body: Uint8Array;
  format: SentryFormat;
  project: string;
  scope: 'public' | 'server' | 'all';
  /** The key, by which allowances are counted. */
  key: string;
  /** Address of the sender. */
  ip: string | null;
  userAgent: string | null;
  rules?: readonly GroupingRule[];
}

export interface SentryAnswer {
  id: string;
  /** Categories of which no more is taken for now. */
  limits: Limit[];
}

export interface DoorDeps {
  parser: Pick<Parser, 'parseSentry'>;
  files: Pick<AttachmentFiles, 'write'>;
  clock: Clock;
  onCheckIns: ((project: string, checkIns: readonly SentryCheckIn[]) => Promise<void>) | undefined;
  /** Makes rows durable unless the key is known. @returns whether it was */
  keep(key: string, body: EntryBody & { prepare(): Promise<void> }, answer: IngestAnswer): Promise<boolean>;
}

/** Where requests of Sentry's protocol come in: allowances, parsing, files, rows. */
export class SentryDoor {
  readonly #deps: DoorDeps;
  readonly #quotas: Quotas;

  constructor(deps: DoorDeps) {
    this.#deps = deps;
    this.#quotas = new Quotas(deps.clock);
  }

  async take(delivery: SentryDelivery): Promise<SentryAnswer> {
    const { parser, files, clock, keep, onCheckIns } = this.#deps;
    const { body, format, project, scope, userAgent, rules = [] } = delivery;
    const quotaKey = createHash('sha256').update(delivery.key).digest('base64');
    const limits = scope === 'public' ? this.#quotas.limited(quotaKey) : [];
    const limited = limits.map(({ category }) => category);
    const now = clock.now();
    const ip = scope === 'public' ? shortened(delivery.ip) : delivery.ip;
    const encoded = await parser.parseSentry(body, format, { project, now, scope, ip, userAgent, limited, rules });
    if (!encoded.ok) {
      const retryAfter = Math.max(1, ...limits.map(({ seconds }) => seconds));
      const options = encoded.status === 429 ? { status: 429, retryAfter } : { status: encoded.status };
      throw new YumOpsError(encoded.code, encoded.message, options);
    }
    const key = receiptKey(project, `sentry:${encoded.dedupKey}`);
    const prepare = () => files.write(encoded.files);
    const repeated = await keep(key, { ...encoded, prepare }, { accepted: countOf(encoded), rejected: [] });
    if (!repeated) {
      if (scope === 'public') this.#quotas.charge(quotaKey, encoded.taken);
      if (encoded.checkIns.length > 0) await onCheckIns?.(project, encoded.checkIns);
    }
    return { id: encoded.id, limits: scope === 'public' ? this.#quotas.limited(quotaKey) : [] };
  }
}

function countOf({ taken }: SentryTaken): number {
  return taken.reduce((sum, [, quantity]) => sum + quantity, 0);
}

/** The network of an address: people are not to be told apart by what their browsers reveal. */
function shortened(ip: string | null): string | null {
  if (ip === null) return null;
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+)\.\d+$/i.exec(ip);
  if (v4) return `${v4[1]}.0`;
  const groups = ip.split('::')[0]?.split(':') ?? [];
  return groups.length < 3 ? null : `${groups.slice(0, 3).join(':')}::`;
}
