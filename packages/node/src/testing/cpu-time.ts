/** Milliseconds of processor time that `work` takes: what else runs on the machine is no fault of it. Used by tests only. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
