import { AttackSpan } from './attack-span.ts';
import { Held } from './held.ts';
import { LIMITS } from './limits.ts';
import { RecentMembers } from './recent.ts';

const MOST_ACCOUNTS = 2_000;
const MOST_ADDRESSES = 64;

interface Tried {
  at: number;
  failures: number;
  entered: boolean;
  unknown: boolean;
  /** When it was entered last, ms since the epoch. */
  enteredAt: number;
}

/** What one address, or one network, tried in the last hour: on which accounts, and which of them it entered. */
export class Source {
  readonly #accounts = new RecentMembers<Tried>(LIMITS.spraying.span, MOST_ACCOUNTS, (tried) => this.#count(tried, -1));
  readonly #addresses: RecentMembers<{ at: number }> | null;
  /** Accounts that failed and were not entered, without those that do not exist. */
  failedOnly = 0;
  /** The same of accounts that do not exist. */
  unknown = 0;
  entered = 0;
  /** Failures on accounts that were not entered. */
  failures = 0;
  /** When the source was seen attacking. */
  attack = new AttackSpan();
  /** What is held against it as a whole. */
  readonly held = new Held();

  /** @param withAddresses for a network */
  constructor(withAddresses: boolean) {
    this.#addresses = withAddresses ? new RecentMembers(LIMITS.spraying.span, MOST_ADDRESSES) : null;
  }

  get addresses(): number {
    return this.#addresses?.size ?? 1;
  }

  /** Accounts and addresses that it remembers. */
  get remembered(): number {
    return this.#accounts.size + (this.#addresses?.size ?? 0);
  }

  /** More people than an attacker has accounts of their own sign in here. */
  get shared(): boolean {
    return this.entered >= LIMITS.shared;
  }

  fail(account: string, address: string, at: number, unknown: boolean): void {
    this.#addresses?.touch(address, at, () => ({ at }));
    this.#change(account, at, (tried) => {
      tried.failures += 1;
      tried.unknown ||= unknown;
    });
  }

  enter(account: string, at: number): void {
    this.#change(account, at, (tried) => {
      tried.entered = true;
      tried.enteredAt = Math.max(tried.enteredAt, at);
    });
  }

  hasEntered(account: string): boolean {
    return this.#accounts.get(account)?.entered === true;
  }

  /** When an account was entered last from here, ms since the epoch. */
  enteredAt(account: string): number {
    return this.#accounts.get(account)?.enteredAt ?? Number.NEGATIVE_INFINITY;
  }

  /** The newest event that was counted, ms since the epoch. */
  get latestAt(): number {
    return this.#accounts.latestAt;
  }

  /** Whether a time lies before what is counted. */
  isPast(at: number): boolean {
    return this.#accounts.isPast(at);
  }

  sampleAccounts(): readonly string[] {
    return this.#accounts.newest();
  }

  sampleAddresses(): readonly string[] {
    return this.#addresses?.newest() ?? [];
  }

  #change(account: string, at: number, change: (tried: Tried) => void): void {
    const tried = this.#accounts.touch(account, at, () => ({
      ...{ at, failures: 0, entered: false, unknown: false },
      enteredAt: Number.NEGATIVE_INFINITY,
    }));
    if (tried === undefined) return;
    this.#count(tried, -1);
    change(tried);
    this.#count(tried, 1);
  }

  #count({ failures, entered, unknown }: Tried, sign: 1 | -1): void {
    if (entered) {
      this.entered += sign;
      return;
    }
    if (failures === 0) return;
    this.failures += sign * failures;
    if (unknown) this.unknown += sign;
    else this.failedOnly += sign;
  }
}
