/** Milliseconds of a share of the samples, such as 0.99. */
export function quantile(samples, share) {
  const took = samples.map(([, milliseconds]) => milliseconds).sort((a, b) => a - b);
  return Number((took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0).toFixed(1));
}

/** What is said of samples: reads and writes apart too, since only writes wait for the log. */
export function describe(samples) {
  const [reads, writes] = [0, 1].map((kind) => samples.filter((sample) => sample[2] === kind));
  return {
    ...{ requests: samples.length, p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) },
    ...{ p99Reads: quantile(reads, 0.99), p99Writes: quantile(writes, 0.99), max: quantile(samples, 1) },
  };
}

/** The middle of a list of numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Notes what is worked on from when to when, to set samples against it. */
export class Spans {
  #spans = [];

  /** Something new begins, or nothing (null). */
  enter(name) {
    const at = performance.timeOrigin + performance.now();
    const last = this.#spans.at(-1);
    if (last?.name === name && last.to === Infinity) return;
    if (last) last.to = Math.min(last.to, at);
    if (name !== null) this.#spans.push({ name, from: at, to: Infinity });
  }

  /** Samples by what was worked on while they waited, longest first, with its seconds. */
  table(samples) {
    const rows = new Map();
    for (const { name, from, to } of this.#spans) {
      const row = rows.get(name) ?? { seconds: 0, samples: [] };
      row.seconds += (to - from) / 1_000;
      row.samples.push(...samples.filter(([due, took]) => due + took >= from && due < to));
      rows.set(name, row);
    }
    const told = [...rows].sort(([, a], [, b]) => b.seconds - a.seconds);
    return Object.fromEntries(
      told.map(([name, row]) => [name, { seconds: Number(row.seconds.toFixed(1)), ...describe(row.samples) }]),
    );
  }
}
