// Writes log lines at a rate while nobody takes them, and tells how its memory grew; started by the soak and by a test.
// argv: entry of the SDK, lines a second, seconds
const [entry, rate, seconds] = process.argv.slice(2);
const { configure, createLogger, logger } = await import(entry);
configure({ stdout: false, transport: { backoff: { base: 50, cap: 500 }, timeout: 1_000 } });

const PER_TICK = Math.max(1, Math.round(Number(rate) / 50));
const total = Number(rate) * Number(seconds);
const text = 'x'.repeat(300);
const collect = () => globalThis.gc?.();
const resident = () => {
  collect();
  return process.memoryUsage().rss;
};

// What any logger costs at this rate, the garbage of its lines, is no memory of the outage.
const nowhere = { write: () => undefined, flush: async () => true, close: async () => true };
const warm = createLogger({ sinks: [nowhere] });
for (let second = 0; second < 30; second += 1) {
  for (let i = 0; i < Number(rate) / 10; i += 1) warm.info('line', { n: i, text });
  await new Promise((resolve) => setTimeout(resolve, 20));
}
logger.info('first', { n: -1, text });
await new Promise((resolve) => setTimeout(resolve, 300));
const before = resident();
let peak = before;
let written = 0;
const started = performance.now();
await new Promise((resolve) => {
  const timer = setInterval(() => {
    // As many as are due, so that a slow machine writes as many lines as a fast one.
    const due = Math.min(total, Math.ceil(((performance.now() - started) / 1_000) * Number(rate)));
    for (let i = 0; i < 4 * PER_TICK && written < due; i += 1) {
      logger.info('line', { n: written, text });
      written += 1;
    }
    if (written >= total) {
      clearInterval(timer);
      resolve();
    }
  }, 20);
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
    if (written >= total) clearInterval(sampler);
  }, 250);
});
peak = Math.max(peak, process.memoryUsage().rss);
process.send({ written: written + 1, before, peak, after: resident(), seconds: (performance.now() - started) / 1_000 });
// The backend comes back now; what was kept is delivered, and with it the count of what was not.
await new Promise((resolve) => process.once('message', resolve));
await logger.flush(20_000);
await new Promise((resolve) => setTimeout(resolve, 200));
await logger.flush(20_000);
process.send({ flushed: true });
process.disconnect();
