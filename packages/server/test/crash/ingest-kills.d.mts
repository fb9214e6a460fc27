export interface KillsResult {
  sent: number;
  retried: number;
  engineKills: number;
  rowsPerSecond: number;
  lost: number;
  doubled: number;
  deadLetters: number;
}

export function runIngestKills(options: {
  kills: number;
  seed: number;
  /** Rows a second. */
  rate?: number;
  print?: (line: string) => void;
}): Promise<KillsResult>;
