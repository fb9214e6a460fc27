import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckFile } from '@yumops/protocol';
import { systemClock } from '../lib/clock.ts';
import { codeOf, messageOf } from '../lib/errors.ts';
import type { EvidenceKeeper, JourneyOutcome, JourneyRequest, JourneyRunner } from '../observe/uptime/index.ts';

/** Where systems keep Chromium or a browser of its kind. */
const BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** What the process of one journey is told. */
export interface JourneyJob extends JourneyRequest {
  browser: string;
  /** Where a picture of a failure goes. */
  screenshot: string;
  /** Where the trace of a failure goes. */
  trace: string;
  /** A folder of its own, which is removed after it. */
  home: string;
  /** When its time began to run, milliseconds since the epoch. */
  startedAt: number;
}

/** What the process of one journey says of it. */
export type JourneyReport =
  | Exclude<JourneyOutcome, { kind: 'failed' }>
  | { kind: 'failed'; message: string; url: string; lost: string[] };

export interface JourneyRunnerOptions {
  /** For what a journey records while it runs; emptied after each. */
  folder: string;
  /** Where recordings of failures are kept. */
  keeper: EvidenceKeeper;
  /** Programs to look for. */
  browsers?: readonly string[];
}

/** Runs each journey in a process of its own, without our environment, and keeps what a failed one recorded. */
export function createJourneyRunner({ folder, keeper, browsers = BROWSERS }: JourneyRunnerOptions): JourneyRunner {
  return {
    async run(request, signal) {
      const browser = browsers.find((path) => existsSync(path));
      if (browser === undefined) return NO_BROWSER;
      const startedAt = systemClock.now();
      await mkdir(folder, { recursive: true });
      const own = await mkdtemp(join(folder, 'run-'));
      const files = { screenshot: join(own, 'page.png'), trace: join(own, 'trace.zip') };
      try {
        const report = await runJourney({ ...request, browser, ...files, home: own, startedAt }, signal);
        if (report.kind !== 'failed') return report;
        const kept: CheckFile[] = [];
        for (const kind of ['screenshot', 'trace'] as const) {
          const bytes = await readIfThere(files[kind]);
          if (bytes === undefined) continue;
          try {
            kept.push(await keeper.keep(request.monitorId, kind, bytes));
          } catch (error) {
            report.lost.push(`The ${kind} could not be kept: ${messageOf(error)}`);
          }
        }
        return { ...report, files: kept };
      } finally {
        await rm(own, { recursive: true, force: true });
      }
    },
  };
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const NO_BROWSER: Exclude<JourneyOutcome, { kind: 'failed' }> = {
  kind: 'impossible',
  message: 'This machine has no Chromium.',
  hint: 'Install it (Debian: chromium), or use kind: steps.',
};

const PROCESS = fileURLToPath(new URL('./journey-process.js', import.meta.url));

function runJourney(job: JourneyJob, signal: AbortSignal): Promise<JourneyReport> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = fork(PROCESS, { env: { PATH: '/usr/bin:/bin' }, stdio: 'ignore', execArgv: [] });
    const onAbort = () => {
      end(child);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    child.once('message', (outcome) => resolve(outcome as JourneyReport));
    child.once('error', reject);
    child.once('exit', (code) => {
      signal.removeEventListener('abort', onAbort);
      const message = `The process of the journey ended with code ${code}.`;
      resolve({ kind: 'impossible', message, hint: 'Look at what the script does.' });
    });
    child.send(job);
  });
}

/** Chromium ends when the process that holds its pipe is gone. */
function end(child: ChildProcess): void {
  child.kill('SIGKILL');
}
