import { execFile } from 'node:child_process';
import { codeOf } from '../../../../lib/errors.ts';
import { type Attempt, down, type Finding, HEALTHY, impossible, runAttempt } from '../../attempt.ts';
import type { CheckContext, CheckResult } from '../../check.ts';
import { findAddresses } from '../../net/dial.ts';
import type { PingMonitorConfig } from './config.ts';
import { readPing } from './output.ts';

/** Where systems keep it; nothing else of our environment is handed on. */
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin';

const PACKETS = 3;

/**
 * Sends echo requests with the system's `ping`, which may do so without our being root.
 * @param path folders in which the program is looked for, separated by colons
 */
export function runPing(monitor: PingMonitorConfig, context: CheckContext, path = PATH): Promise<CheckResult> {
  return runAttempt(monitor, context, async (attempt) => {
    const [target] = await findAddresses(monitor.host, attempt);
    const address = target?.address ?? monitor.host;
    attempt.timer.enter('firstByte');
    return judge(address, await ping(address, path, attempt));
  });
}

interface Exit {
  code: number;
  output: string;
}

function ping(address: string, path: string, { signal }: Attempt): Promise<Exit> {
  const options = { env: { PATH: path, LC_ALL: 'C' }, signal, killSignal: 'SIGKILL' as const };
  return new Promise((resolve, reject) => {
    execFile('ping', ['-c', String(PACKETS), '-i', '0.2', address], options, (error, stdout, stderr) => {
      if (signal.aborted) reject(signal.reason);
      else if (codeOf(error) === 'ENOENT') reject(missing());
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: `${stdout}\n${stderr}` });
    });
  });
}

function missing() {
  return impossible('This machine has no ping program.', 'Install it (Debian: iputils-ping), or use kind: tcp.');
}

function judge(address: string, { code, output }: Exit): Finding {
  const { sent, received, meanMs } = readPing(output);
  if (sent === 0) {
    const said = output.trim().split('\n').at(-1) ?? '';
    throw impossible(`The ping program could not run (exit ${code}): ${said}`.trim(), 'Try it by hand.');
  }
  if (received === 0) return down(`Expected ${address} to answer echo requests, none of ${sent} was answered.`);
  const answered: Finding = meanMs === null ? HEALTHY : { ...HEALTHY, tookMs: meanMs };
  if (received >= sent) return answered;
  const reason = `Expected ${address} to answer every echo request, it answered ${received} of ${sent}.`;
  return { ...answered, verdict: 'degraded', reason };
}
