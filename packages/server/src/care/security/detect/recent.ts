/** The newest times of something, in order; how many are kept is fixed. */
export class Recent {
  readonly #most: number;
  #times: number[] = [];

  /** @param most times that are kept */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a time, which may be older than some that came before. */
  add(at: number): void {
    const times = this.#times;
    let place = times.length;
    while (place > 0 && (times[place - 1] as number) > at) place -= 1;
    times.splice(place, 0, at);
    if (times.length > this.#most) times.shift();
  }

  /** How many lie in that stretch of `span` milliseconds around `at` which holds most of them. @param after only those after it */
  within(span: number, at: number, after = Number.NEGATIVE_INFINITY): number {
    const times = this.#times;
    let most = 0;
    for (let first = 0; first < times.length && (times[first] as number) <= at; first += 1) {
      const start = times[first] as number;
      if (start <= Math.max(at - span, after)) continue;
      let next = first;
      while (next < times.length && (times[next] as number) < start + span) next += 1;
      most = Math.max(most, next - first);
      // Later stretches only lose what lies before `at`.
      if (next === times.length) break;
    }
    return most;
  }

  /** How many lie after `from` and not after `to`. */
  between(from: number, to: number): number {
    return this.#times.filter((at) => at > from && at <= to).length;
  }
}

const MOST_NEWEST = 20;

interface Node<Value> {
  member: string;
  value: Value;
  older: Node<Value> | null;
  newer: Node<Value> | null;
}

/**
 * Members seen within the span before the newest of them, each with a value, in the order of the times at which they were last
 * seen. What is older than the span or beyond the limit is dropped when something is added, and `dropped` is told of it, so that
 * sums over the members can be kept without a walk. The order is a list of its own, for a map finds its first entry only past all
 * that were deleted. A call costs the same for all, also for who comes late: the place of the last one that did is known, and another
 * of the same process, whose clock is behind or whose line is slow, belongs beside it.
 */
export class RecentMembers<Value extends { at: number }> {
  readonly #members = new Map<string, Node<Value>>();
  readonly #span: number;
  readonly #most: number;
  readonly #dropped: (value: Value) => void;
  #oldest: Node<Value> | null = null;
  #newest: Node<Value> | null = null;
  /** Who came late last. */
  #late: Node<Value> | null = null;

  /**
   * @param span milliseconds
   * @param most members that are kept
   */
  constructor(span: number, most: number, dropped: (value: Value) => void = () => undefined) {
    this.#span = span;
    this.#most = most;
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#members.size;
  }

  get(member: string): Value | undefined {
    return this.#members.get(member)?.value;
  }

  /** When the newest member was seen, ms since the epoch. */
  get latestAt(): number {
    return this.#newest?.value.at ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether a time lies before the span: what happened then says nothing of what the members did within it. */
  isPast(at: number): boolean {
    return this.#newest !== null && at <= this.#newest.value.at - this.#span;
  }

  /** The value of a member, made when it has none, and seen at `at` from now on. @returns undefined when that is past */
  touch(member: string, at: number, make: () => Value): Value | undefined {
    if (this.isPast(at)) return undefined;
    this.prune(at);
    const known = this.#members.get(member);
    const node = known ?? { member, value: make(), older: null, newer: null };
    if (known === undefined) this.#members.set(member, node);
    else this.#unlink(node);
    node.value.at = Math.max(node.value.at, at);
    this.#insert(node);
    if (this.#members.size > this.#most) this.#dropOldest();
    return this.#members.has(member) ? node.value : undefined;
  }

  /** Drops what is older than the span. */
  prune(at: number): void {
    while (this.#oldest !== null && this.#oldest.value.at <= at - this.#span) this.#dropOldest();
  }

  /** The newest members, at most 20, the newest first. */
  newest(): readonly string[] {
    const members: string[] = [];
    for (let node = this.#newest; node !== null && members.length < MOST_NEWEST; node = node.older)
      members.push(node.member);
    return members;
  }

  #insert(node: Node<Value>): void {
    const { at } = node.value;
    let older = this.#placeNear(at);
    while (older !== null && older.value.at > at) older = older.older;
    while (older?.newer && older.newer.value.at <= at) older = older.newer;
    if (older !== this.#newest) this.#late = node;
    node.older = older;
    node.newer = older === null ? this.#oldest : older.newer;
    if (node.older === null) this.#oldest = node;
    else node.older.newer = node;
    if (node.newer === null) this.#newest = node;
    else node.newer.older = node;
  }

  #placeNear(at: number): Node<Value> | null {
    const [newest, late] = [this.#newest, this.#late];
    if (newest === null || late === null || at >= newest.value.at) return newest;
    return Math.abs(at - late.value.at) < newest.value.at - at ? late : newest;
  }

  #unlink(node: Node<Value>): void {
    const { older, newer } = node;
    if (this.#late === node) this.#late = older ?? newer;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
  }

  #dropOldest(): void {
    const node = this.#oldest;
    if (node === null) return;
    this.#unlink(node);
    this.#members.delete(node.member);
    this.#dropped(node.value);
  }
}
