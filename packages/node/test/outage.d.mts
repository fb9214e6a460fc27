export interface OutageFigures {
  /** Lines, with the backend and without. */
  written: number;
  /** Seconds without it. */
  seconds: number;
  /** Resident memory, MB: before the first line, at most with the backend, at most without it, and how much more that was. */
  atRestMb: number;
  upMb: number;
  downMb: number;
  extraMb: number;
  stderr: string;
}
export function runOutage(options: {
  entry: string;
  port: number;
  rate: number;
  upSeconds: number;
  downSeconds: number;
  settled?: () => Promise<unknown>;
  backend: { listen(port: number): Promise<unknown>; close(): Promise<unknown> };
}): Promise<OutageFigures>;
