import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from './engines.ts';
import { type IntakeRig, SERVER_KEY, startIntakeRig } from './support/intake-rig.ts';

const SDK = resolve(import.meta.dirname, '../../node');

let store: TestTelemetry;
let rig: IntakeRig;

beforeAll(async () => {
  store = await startTestTelemetry();
  rig = await startIntakeRig(store.telemetry);
});

afterAll(async () => {
  await rig?.stop();
  await store?.stop();
});

/** Programs of teams that keep their logger: `MARK` tells their lines apart. Each ends by itself, at once. */
const PROGRAMS: readonly [name: string, program: string][] = [
  [
    'pino in the process',
    `const log = require('pino')({ base: undefined }, require('@yumops/node/pino').pinoDestination());
     withContext({ requestId: 'MARK' }, () => log.child({ part: 'cart' }).warn({ sku: 'A-1', password: 'hunter22' }, 'stock is low'));
     log.error(new TypeError('nope'), 'cannot pay');`,
  ],
  [
    'pino in a worker thread',
    `const { pinoMixin } = require('@yumops/node/pino');
     const pino = require('pino');
     const log = pino({ base: undefined, mixin: pinoMixin }, pino.transport({ target: '@yumops/node/pino' }));
     withContext({ requestId: 'MARK' }, () => log.child({ part: 'cart' }).warn({ sku: 'A-1', password: 'hunter22' }, 'stock is low'));
     log.error(new TypeError('nope'), 'cannot pay');`,
  ],
  [
    'winston',
    `const winston = require('winston');
     const { WinstonTransport } = require('@yumops/node/winston');
     const log = winston.createLogger({ transports: [new WinstonTransport()] });
     withContext({ requestId: 'MARK' }, () => log.child({ part: 'cart' }).warn('stock is low', { sku: 'A-1', password: 'hunter22' }));
     log.error('cannot pay', { error: new TypeError('nope') });`,
  ],
  [
    'our logger over OTLP',
    `const { createLogger, otlpSink } = require('@yumops/node');
     const headers = { 'x-yumops-key': process.env.YUMOPS_KEY };
     const log = createLogger({ sinks: [otlpSink({ url: process.env.YUMOPS_URL, headers })] });
     withContext({ requestId: 'MARK' }, () => log.child({ part: 'cart' }).warn('stock is low', { sku: 'A-1', password: 'hunter22' }));
     log.error('cannot pay', new TypeError('nope'));`,
  ],
];

test.each(PROGRAMS)(
  '%s: what it wrote is in the store, with fields and request, redacted',
  async (name, program) => {
    const mark = name.replaceAll(' ', '-');
    const text = `import { createRequire } from 'node:module';
    const require = createRequire(${JSON.stringify(`${SDK}/package.json`)});
    const { withContext } = require('@yumops/node');
    ${program.replaceAll('MARK', mark)}`;
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', text], {
      cwd: SDK,
      env: {
        ...process.env,
        YUMOPS_URL: rig.url,
        YUMOPS_KEY: SERVER_KEY,
        YUMOPS_SERVICE: mark,
        NODE_ENV: 'production',
      },
      timeout: 60_000,
    });
    const rows = await rig.rows(
      'SELECT * FROM logs WHERE service = {mark:String} ORDER BY timestamp, message',
      { mark },
      2,
    );
    expect(rows).toHaveLength(2);
    expect(rows.find(({ message }) => message === 'stock is low')).toMatchObject({
      ...{ level: 'warn', requestId: mark, project: '7' },
      attributes: expect.objectContaining({ part: 'cart', sku: 'A-1' }),
    });
    expect(rows.find(({ level }) => level === 'error')).toMatchObject({ message: 'cannot pay' });
    expect(JSON.stringify(rows)).not.toContain('hunter22');
    expect(JSON.stringify(rows)).toContain('TypeError');
  },
  90_000,
);
