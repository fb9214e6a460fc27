/** Pages of files. A gigabyte of a file takes 16 kB. */
export class PageSet {
  readonly #files = new Map<string, Buffer>();

  add(path: string, block: number): void {
    const index = block >>> 3;
    let bits = this.#files.get(path) ?? Buffer.alloc(0);
    if (index >= bits.length) {
      bits = Buffer.concat([bits, Buffer.alloc(index + 1)]);
      this.#files.set(path, bits);
    }
    bits[index] = (bits[index] as number) | (1 << (block & 7));
  }

  has(path: string, block: number): boolean {
    return (((this.#files.get(path)?.[block >>> 3] ?? 0) >>> (block & 7)) & 1) === 1;
  }
}
