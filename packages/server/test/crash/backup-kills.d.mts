export function killBackups(options: {
  folder: string;
  rounds: number;
  span?: number | undefined;
  seed: number;
}): Promise<{ rounds: number; span: number; finished: number; good: number; listed: number }>;
