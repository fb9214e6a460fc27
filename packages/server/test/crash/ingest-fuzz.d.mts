export function runIngestFuzz(options: {
  bodies: number;
  seed: number;
  print?: (line: string) => void;
}): Promise<{
  /** Number of answers by status. */
  statuses: Record<string, number>;
  /** What was accepted reached the store. */
  drained: boolean;
  exitCode: number | null;
}>;

/** Damages a text in up to five places. @param random numbers in [0, 1) */
export function mutate(random: () => number, text: string): Buffer;
