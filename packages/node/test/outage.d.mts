export interface OutageFigures {
  written: number;
  before: number;
  peak: number;
  after: number;
  seconds: number;
  extraMb: number;
  stderr: string;
}
export function runOutage(options: {
  entry: string;
  port: number;
  rate: number;
  seconds: number;
  comeBack(): Promise<unknown>;
}): Promise<OutageFigures>;
