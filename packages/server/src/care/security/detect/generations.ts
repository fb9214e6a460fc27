/** An entry, and what it weighed when it was used last. */
interface Entry<Value> {
  value: Value;
  weight: number;
}

/**
 * A map that holds the entries used last: two generations, of which the older is forgotten when the newer is full. What is
 * used moves to the newer one. Costs the same for every call. Never holds more than twice `capacity`, nor much more than twice
 * `heaviest`: what an entry gained since it was used last is counted when it is used again.
 */
export class Generations<Value> {
  readonly #capacity: number;
  readonly #heaviest: number;
  readonly #weightOf: (value: Value) => number;
  #young = new Map<string, Entry<Value>>();
  #old = new Map<string, Entry<Value>>();
  #weight = 0;
  #oldWeight = 0;
  /** Entries that had to go because there were too many. */
  forgotten = 0;

  /**
   * @param capacity entries of one generation
   * @param heaviest what the entries of one generation may weigh together, for entries that grow
   */
  constructor(capacity: number, heaviest = Number.POSITIVE_INFINITY, weightOf: (value: Value) => number = () => 0) {
    this.#capacity = capacity;
    this.#heaviest = heaviest;
    this.#weightOf = weightOf;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** What all entries weigh, as far as it is counted. */
  get weight(): number {
    return this.#weight + this.#oldWeight;
  }

  get(key: string): Value | undefined {
    const entry = this.#young.get(key) ?? this.#old.get(key);
    if (entry === undefined) return undefined;
    const weight = this.#weightOf(entry.value);
    if (this.#young.has(key)) {
      this.#weight += weight - entry.weight;
      entry.weight = weight;
      if (this.#weight <= this.#heaviest) return entry.value;
    }
    this.set(key, entry.value);
    return entry.value;
  }

  set(key: string, value: Value): void {
    const isFull = this.#young.size >= this.#capacity && !this.#young.has(key);
    if (isFull || this.#weight > this.#heaviest) {
      this.forgotten += this.#old.size;
      this.#old = this.#young;
      this.#young = new Map();
      this.#oldWeight = this.#weight;
      this.#weight = 0;
    }
    this.delete(key);
    const weight = this.#weightOf(value);
    this.#weight += weight;
    this.#young.set(key, { value, weight });
  }

  delete(key: string): void {
    this.#weight -= this.#young.get(key)?.weight ?? 0;
    this.#oldWeight -= this.#old.get(key)?.weight ?? 0;
    this.#young.delete(key);
    this.#old.delete(key);
  }

  /** The entry of a key, made when there is none. */
  take(key: string, make: () => Value): Value {
    const known = this.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.set(key, made);
    return made;
  }
}
