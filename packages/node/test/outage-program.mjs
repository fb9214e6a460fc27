// Writes log lines at a rate, first while the backend takes them, then while nobody does, and tells how its memory grew; started
// by the soak and by a test. argv: entry of the SDK, lines a second, seconds with the backend, seconds without it
const [entry, ...numbers] = process.argv.slice(2);
const [rate, upSeconds, downSeconds] = numbers.map(Number);
const { configure, logger } = await import(entry);
configure({ stdout: false, transport: { backoff: { base: 50, cap: 500 }, timeout: 1_000 } });

const PER_TICK = Math.max(1, Math.round(rate / 50));
const text = 'x'.repeat(300);
let written = 0;

/** The most resident memory while lines are written, bytes. */
async function write(seconds) {
  const total = rate * seconds;
  const started = performance.now();
  let peak = 0;
  let done = 0;
  const sample = () => {
    peak = Math.max(peak, process.memoryUsage().rss);
  };
  const sampler = setInterval(sample, 250);
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      // As many as are due, so that a slow machine writes as many lines as a fast one.
      const due = Math.min(total, Math.ceil(((performance.now() - started) / 1_000) * rate));
      for (let i = 0; i < 4 * PER_TICK && done < due; i += 1) {
        logger.info('line', { n: written, text });
        done += 1;
        written += 1;
      }
      if (done < total) return;
      clearInterval(timer);
      resolve();
    }, 20);
  });
  clearInterval(sampler);
  sample();
  return { peak, seconds: (performance.now() - started) / 1_000 };
}

/** Tells the parent and waits for its answer. */
const agree = (message) =>
  new Promise((resolve) => {
    process.once('message', resolve);
    process.send(message);
  });

// The garbage of lines and what sending them takes is no memory of the outage.
const atRest = process.memoryUsage().rss;
const up = await write(upSeconds);
await logger.flush(20_000);
await agree('take it away');
const down = await write(downSeconds);
// The backend comes back now; what was kept is delivered, and with it the count of what was not.
await agree({ written, atRest, up: up.peak, down: down.peak, seconds: down.seconds });
await logger.flush(20_000);
await new Promise((resolve) => setTimeout(resolve, 200));
await logger.flush(20_000);
// A count of what was dropped goes with the next line, half a minute after the last such count at the earliest.
const saying = setInterval(() => logger.info('still here'), 1_000);
await agree('flushed');
clearInterval(saying);
process.disconnect();
