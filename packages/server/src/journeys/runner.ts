import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JourneyOutcome, JourneyRequest, JourneyRunner } from '../observe/uptime/index.ts';

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
}

/**
 * Runs each journey in a process of its own, without our environment.
 * @param options.folder for pictures of failures; made when there is one
 * @param options.browsers programs to look for
 */
export function createJourneyRunner(options: { folder: string; browsers?: readonly string[] }): JourneyRunner {
  return {
    run(request, signal) {
      const browser = (options.browsers ?? BROWSERS).find((path) => existsSync(path));
      if (browser === undefined) return Promise.resolve(NO_BROWSER);
      mkdirSync(options.folder, { recursive: true });
      const file = (ending: string) => join(options.folder, `${request.monitorId}.${ending}`);
      return runJourney({ ...request, browser, screenshot: file('png'), trace: file('zip') }, signal);
    },
  };
}

const NO_BROWSER: JourneyOutcome = {
  kind: 'impossible',
  message: 'This machine has no Chromium.',
  hint: 'Install it (Debian: chromium), or use kind: steps.',
};

const PROCESS = fileURLToPath(new URL('./journey-process.js', import.meta.url));

function runJourney(job: JourneyJob, signal: AbortSignal): Promise<JourneyOutcome> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = fork(PROCESS, { env: { PATH: '/usr/bin:/bin' }, stdio: 'ignore', execArgv: [] });
    const onAbort = () => {
      end(child);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    child.once('message', (outcome) => resolve(outcome as JourneyOutcome));
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
