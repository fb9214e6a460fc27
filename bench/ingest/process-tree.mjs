import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second. */
const TICKS = 100;

function readStat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return { parent: fields[1], cpu: (fields[11] + fields[12]) / TICKS };
  } catch {
    return undefined;
  }
}

/** CPU seconds, user and system, that the process and its descendants have used. */
export function treeCpuSeconds(root) {
  const processes = new Map();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(name) : undefined;
    if (stat) processes.set(Number(name), stat);
  }
  const belongs = (pid) => {
    for (let at = pid; at > 1; at = processes.get(at)?.parent ?? 0) if (at === root) return true;
    return false;
  };
  let sum = 0;
  for (const [pid, { cpu }] of processes) if (belongs(pid)) sum += cpu;
  return sum;
}

/** CPU seconds of one process. */
export function cpuSeconds(pid) {
  return readStat(pid)?.cpu ?? 0;
}
