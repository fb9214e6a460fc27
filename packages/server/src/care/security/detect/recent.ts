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

  /** How many lie in that stretch of `span` milliseconds around `at` which holds most of them. */
  within(span: number, at: number): number {
    const times = this.#times;
    let most = 0;
    for (let first = 0; first < times.length && (times[first] as number) <= at; first += 1) {
      const start = times[first] as number;
      if (start <= at - span) continue;
      let next = first;
      while (next < times.length && (times[next] as number) < start + span) next += 1;
      most = Math.max(most, next - first);
      // Later stretches only lose what lies before `at`.
      if (next === times.length) break;
    }
    return most;
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
 * Members seen within a span, each with a value, in the order in which they were last seen. What is older than the span or beyond
 * the limit is dropped when something is added, and `dropped` is told of it, so that sums over the members can be kept without a
 * walk. Every call costs the same: the order is a list of its own, for a map finds its first entry only past all that were deleted.
 */
export class RecentMembers<Value extends { at: number }> {
  readonly #members = new Map<string, Node<Value>>();
  readonly #span: number;
  readonly #most: number;
  readonly #dropped: (value: Value) => void;
  #oldest: Node<Value> | null = null;
  #newest: Node<Value> | null = null;

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

  /** The value of a member, made when it has none; it is the newest from now on. */
  touch(member: string, at: number, make: () => Value): Value {
    this.prune(at);
    const known = this.#members.get(member);
    const node = known ?? { member, value: make(), older: null, newer: null };
    if (known === undefined) this.#members.set(member, node);
    else this.#unlink(node);
    node.value.at = Math.max(node.value.at, at);
    this.#append(node);
    if (this.#members.size > this.#most) this.#dropOldest();
    return node.value;
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

  #append(node: Node<Value>): void {
    node.older = this.#newest;
    node.newer = null;
    if (this.#newest === null) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
  }

  #unlink({ older, newer }: Node<Value>): void {
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
