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
