import type { ChildProcess } from 'node:child_process';

/** The built command line. */
export const BIN: string;

/** A platform that serves. */
export interface RunningPlatform {
  child: ChildProcess;
  url: string;
  /** Asks it to end. @returns its exit code or signal */
  stop(): Promise<number | string>;
}

/** @param options `folder` it is started in, and its whole environment; port and data folder are its own */
export function startYumops(options: { folder: string; env: NodeJS.ProcessEnv }): Promise<RunningPlatform>;
