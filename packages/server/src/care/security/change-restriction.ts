import { isIP } from 'node:net';
import { YumOpsError } from '../../lib/errors.ts';
import { randomHex } from '../../lib/random.ts';
import { type Reach, reaches } from '../../lib/reach.ts';
import { isNetwork, networkTest, plainAddress } from './address.ts';
import type { Change, SecurityOptions } from './ports.ts';
import type { StoredRestriction } from './restriction.ts';
import { endRestriction, expireRestrictions, writeRestriction } from './store.ts';

/** A block that somebody sets by hand. */
export interface NewBlock {
  kind: 'ip' | 'network' | 'pair';
  /** An address, a network in CIDR form, or `address|hashed account`. */
  value: string;
  project: string;
  /** How long, milliseconds. */
  forMs: number;
  why: string;
}

type Parts = Pick<SecurityOptions, 'db' | 'audit' | 'config'>;

/** The value in the form in which it is compared. @throws YumOpsError `invalid_block` (400) */
function readValue(kind: NewBlock['kind'], value: string): string {
  if (kind === 'network') {
    if (value.includes('/') && isNetwork(value) && !/\/0+$/.test(value)) return value.toLowerCase();
    throw refused(`"${value}" is no network`, 'write for example 203.0.113.0/24');
  }
  const [address = '', ...rest] = value.split('|');
  const plain = plainAddress(address);
  const whole = kind === 'ip' ? rest.length === 0 : rest.length === 1 && rest[0] !== '';
  const hint = kind === 'ip' ? 'write for example 203.0.113.7' : 'write 203.0.113.7|acct_… as the timeline shows it';
  if (plain === null || !whole) throw refused(`"${value}" is no ${kind === 'ip' ? 'address' : 'pair'}`, hint);
  return [plain, ...rest].join('|');
}

function refused(what: string, hint: string): YumOpsError {
  return new YumOpsError('invalid_block', `The block is refused: ${what}.`, { status: 400, hint });
}

/**
 * Shuts an address, a network or a pair out.
 * @throws YumOpsError `invalid_block` (400)
 */
export async function addBlock(
  { db, audit, config }: Parts,
  block: NewBlock,
  { actor, now }: Change,
): Promise<StoredRestriction> {
  const value = readValue(block.kind, block.value);
  const address = value.split(/[|/]/)[0] as string;
  if (isIP(address) !== 0 && networkTest(config().allow)(address)) {
    throw refused(`${address} is on the allow list`, 'take it out of security.allow first');
  }
  const restriction: StoredRestriction = {
    ...{ id: randomHex(8), project: block.project, action: 'block', kind: block.kind, value },
    ...{ until: now + block.forMs, why: block.why, detectionId: null, author: actor, createdAt: now },
  };
  const { id } = await db.transaction(async (tx) => {
    await expireRestrictions(tx, now);
    const written = await writeRestriction(tx, restriction);
    const detail = { kind: block.kind, value, why: block.why, until: new Date(restriction.until).toISOString() };
    await audit(tx, { at: now, actor, action: 'security.block', target: written.id, detail });
    return written;
  });
  return { ...restriction, id };
}

/**
 * Ends a restriction before its time.
 * @param reach whose projects; one of another is unknown
 * @throws YumOpsError `restriction_unknown` (404)
 */
export async function liftRestriction(
  { db, audit }: Parts,
  id: string,
  reach: Reach,
  { actor, now }: Change,
): Promise<StoredRestriction> {
  return db.transaction(async (tx) => {
    const ended = await endRestriction(tx, id, actor, now);
    // Thrown within the transaction: what is beyond somebody's reach stays in force.
    if (ended === undefined || !reaches(reach, ended.project)) {
      throw new YumOpsError('restriction_unknown', `No block or challenge "${id}" is in force.`, {
        status: 404,
        hint: 'See `yumops security blocks list`.',
      });
    }
    const { kind, value, action } = ended;
    await audit(tx, { at: now, actor, action: `security.un${action}`, target: id, detail: { kind, value } });
    return ended;
  });
}
