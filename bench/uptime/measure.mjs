import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, treeCpuSeconds } from '../ingest/process-tree.mjs';

/** Proportional set size of a process, MB (10^6 bytes). */
function pssMegabytes(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return (Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]) * 1_024) / 1e6;
}

function childrenOf(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

function treePss(pid) {
  try {
    return childrenOf(pid).reduce((sum, child) => sum + treePss(child), pssMegabytes(pid));
  } catch {
    return 0;
  }
}

/**
 * CPU (percent of one core) and memory (PSS, MB: at its highest, a sample each 5 s) of processes over `seconds`.
 * @param pids by name; `tree` counts descendants too
 */
export async function measureProcesses(processes, seconds) {
  const cpuOf = ({ pid, tree }) => (tree ? treeCpuSeconds(pid) : cpuSeconds(pid));
  const memoryOf = ({ pid, tree }) => (tree ? treePss(pid) : pssMegabytes(pid));
  const before = processes.map(cpuOf);
  const started = performance.now();
  const peaks = processes.map(() => 0);
  while (performance.now() - started < seconds * 1_000) {
    await sleep(Math.min(5_000, Math.max(0, seconds * 1_000 - (performance.now() - started))));
    for (const [index, one] of processes.entries()) peaks[index] = Math.max(peaks[index], memoryOf(one));
  }
  const elapsed = (performance.now() - started) / 1_000;
  return Object.fromEntries(
    processes.map((one, index) => [
      one.name,
      {
        cpuPercent: Number((((cpuOf(one) - before[index]) / elapsed) * 100).toFixed(1)),
        peakMegabytes: Math.round(peaks[index]),
      },
    ]),
  );
}
