export interface KillsResult {
  sent: number;
  retried: number;
  engineKills: number;
  /** Rows acknowledged in a second while the platform was up. */
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
