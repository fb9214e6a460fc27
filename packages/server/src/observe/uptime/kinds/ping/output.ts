/** What `ping` counted. */
export interface PingCounts {
  sent: number;
  received: number;
  /** Milliseconds; null when nothing came back. */
  meanMs: number | null;
}

/** Reads the summary that the programs of Linux (iputils, BusyBox), macOS and the BSDs print. */
export function readPing(output: string): PingCounts {
  const counts = /(\d+) packets transmitted, (\d+) (?:packets )?received/.exec(output);
  const times = /(?:rtt|round-trip) [\w/]+ = [\d.]+\/([\d.]+)/.exec(output);
  return {
    sent: Number(counts?.[1] ?? 0),
    received: Number(counts?.[2] ?? 0),
    meanMs: times?.[1] === undefined ? null : Number(times[1]),
  };
}
