export interface RequestCost {
  medianUs: number;
  bestUs: number;
  rssMb: number;
}
export function measureRequests(options: { rounds: number; requests: number }): Promise<{
  bare: RequestCost;
  logged: RequestCost;
  addedUs: number;
  addedBestUs: number;
}>;
