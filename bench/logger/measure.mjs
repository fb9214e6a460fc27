// One process, all loggers in interleaved rounds. Lines go to stdout, which the parent has opened on /dev/null; results go to the parent.

import pino from 'pino';
import winston from 'winston';
import { createLogger } from '../../packages/node/lib/esm/index.js';
import { small, typical } from './records.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 11);
const CALLS = { small: 60_000, typical: 25_000, belowLevel: 2_000_000 };
const MESSAGE = 'Rating saved';
const REDACTED = ['credentials', 'password', 'token', '*.password', '*.token'];

const destination = () => pino.destination({ fd: 1, sync: true });
const ours = createLogger({ service: 'bench', environment: 'production' });
const plainPino = pino(
  { base: { service: 'bench', environment: 'production' }, timestamp: pino.stdTimeFunctions.isoTime },
  destination(),
);
const redactingPino = pino(
  { base: { service: 'bench', environment: 'production' }, timestamp: pino.stdTimeFunctions.isoTime, redact: REDACTED },
  destination(),
);
const aWinston = winston.createLogger({
  level: 'info',
  defaultMeta: { service: 'bench', environment: 'production' },
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  transports: [new winston.transports.Stream({ stream: process.stdout })],
});

const contenders = {
  yumops: (context) => ours.info(MESSAGE, context),
  pino: (context) => plainPino.info(context, MESSAGE),
  'pino with redaction': (context) => redactingPino.info(context, MESSAGE),
  winston: (context) => aWinston.info(MESSAGE, context),
};
const silent = {
  yumops: (context) => ours.debug(MESSAGE, context),
  pino: (context) => plainPino.debug(context, MESSAGE),
};

const drained = () =>
  new Promise((resolve) =>
    process.stdout.writableLength === 0 ? setImmediate(resolve) : process.stdout.once('drain', resolve),
  );

/** CPU nanoseconds of one call, all threads of the process included. */
async function cost(call, make, calls) {
  const contexts = Array.from({ length: 512 }, (_, i) => make(i));
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) {
    call(contexts[i & 511]);
    if ((i & 4095) === 4095) {
      await drained();
    }
  }
  await ours.flush(2000);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}

const results = {};
async function round(kind, candidates, make, keep) {
  for (const [name, call] of Object.entries(candidates)) {
    const nanoseconds = await cost(call, make, CALLS[kind]);
    if (keep) {
      results[kind] ??= {};
      results[kind][name] ??= [];
      results[kind][name].push(nanoseconds);
    }
  }
}

for (let i = -2; i < ROUNDS; i++) {
  await round('small', contenders, small, i >= 0);
  await round('typical', contenders, typical, i >= 0);
  if (i < 3) {
    await round('belowLevel', silent, small, i >= 0);
  }
}
process.send(results, () => process.disconnect());
