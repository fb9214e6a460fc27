export function killBackups(options: {
  folder: string;
  rounds: number;
  span: number;
  seed: number;
}): Promise<{ rounds: number; finished: number; good: number; listed: number }>;
