import { config } from '@/lib/config';
import { startConnectionLeak, stopConnectionLeak } from '@/lib/faults/connection-leak';
import { startLeak, stopLeak } from '@/lib/faults/memory-leak';
import { once } from '@/lib/once';

/** What can be broken on purpose, to see how operations notice. */
export const FAULTS = {
  error_burst: 'Most requests fail with 500.',
  slow_query: 'Every look at restaurants takes 2.5 seconds longer in the database.',
  memory_leak: 'The server keeps memory until its heap is nearly full, and gives it back when switched off.',
  connection_leak: 'Every connection to the database is taken and not given back: requests wait for one in vain.',
  brute_force: 'Someone guesses passwords, three a second, from a handful of addresses.',
  broken_script: 'The Share button of a restaurant throws in the browser of who presses it.',
  dependency_down: 'Maps, payments and e-mail stop answering.',
} as const;

export type Fault = keyof typeof FAULTS;

/** Faults whose cause lives in the runner's process: the traffic and the partners. */
const OUTSIDE: readonly Fault[] = ['brute_force', 'dependency_down'];

const active = () => once('faults', () => new Map<Fault, Date>());

export const isFault = (name: unknown): name is Fault => typeof name === 'string' && Object.hasOwn(FAULTS, name);

export const faultIsOn = (fault: Fault) => active().has(fault);

/** Every fault, whether it is on, and since when. */
export function listFaults() {
  return (Object.keys(FAULTS) as Fault[]).map((fault) => {
    const since = active().get(fault);
    return { fault, description: FAULTS[fault], on: since !== undefined, since: since?.toISOString() ?? null };
  });
}

/**
 * Switches a fault. Switching to the state it is in changes nothing.
 * @throws when the fault lives in the runner and the runner cannot be reached
 */
export async function switchFault(fault: Fault, on: boolean): Promise<void> {
  if (on === faultIsOn(fault)) return;
  if (OUTSIDE.includes(fault)) await tellRunner(fault, on);
  if (fault === 'memory_leak') {
    if (on) startLeak();
    else stopLeak();
  }
  if (fault === 'connection_leak') {
    if (on) startConnectionLeak();
    else stopConnectionLeak();
  }
  if (on) active().set(fault, new Date());
  else active().delete(fault);
}

async function tellRunner(fault: Fault, on: boolean): Promise<void> {
  const url = config.faults.controlUrl();
  if (!url) throw new Error(`"${fault}" needs the runner: start YumZoom with scripts/start.mjs`);
  const response = await fetch(`${url}/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${config.faults.controlToken()}` },
    body: JSON.stringify({ fault, on }),
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`the runner answered ${response.status} to the switch of "${fault}"`);
}
