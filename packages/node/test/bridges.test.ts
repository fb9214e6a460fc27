import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingServer } from '../src/testing/recording-server.ts';

const SDK = resolve(import.meta.dirname, '..');

let yumops: RecordingServer;
beforeEach(async () => {
  yumops = await new RecordingServer().listen();
});
afterEach(() => yumops.close());

/** Runs a program with the SDK as it is published, to its end. A long interval makes sure that only the end delivers. */
function run(body: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const text = `import { createRequire } from 'node:module';
    const require = createRequire(${JSON.stringify(`${SDK}/package.json`)});
    const { configure, withContext, logger } = require('@yumops/node');
    configure({ service: 'child', stdout: false, transport: { interval: 60_000 } });
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    cwd: SDK,
    env: { ...process.env, YUMOPS_URL: yumops.url, YUMOPS_KEY: 'k', YUMOPS_SERVICE: 'child', NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part) => {
    stdout += part;
  });
  child.stderr.on('data', (part) => {
    stderr += part;
  });
  return new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr })));
}

const TIME = Date.UTC(2026, 10, 30, 1, 2, 3, 456);

describe('pino', () => {
  it('in the process: level, time, fields, error and the running context, redacted', async () => {
    const result = await run(`const pino = require('pino');
      const { pinoDestination } = require('@yumops/node/pino');
      const log = pino({ base: { pid: 7 }, timestamp: () => ',"time":${TIME}' }, pinoDestination());
      withContext({ requestId: 'r-1', traceId: 'ab' }, () => log.child({ part: 'cart' }).warn({ sku: 'A-1', password: 'hunter22' }, 'stock is low'));
      log.error(new TypeError('nope'), 'cannot pay');
      log.fatal('the end');`);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(yumops.records).toMatchObject(
      [
        {
          timestamp: new Date(TIME).toISOString(),
          ...{ level: 'warn', message: 'stock is low', service: 'child', part: 'cart', sku: 'A-1', pid: 7 },
          ...{ password: '[redacted]', requestId: 'r-1', traceId: 'ab' },
        },
        { level: 'error', message: 'cannot pay', error: { name: 'TypeError', message: 'nope' } },
        { level: 'fatal', message: 'the end' },
      ].toSorted((a, b) => order(a.level) - order(b.level)),
    );
  });

  it('in a worker thread: nothing is lost at the end of the process, and the mixin carries the request', async () => {
    const result = await run(`const pino = require('pino');
      const { pinoMixin } = require('@yumops/node/pino');
      const log = pino({ mixin: pinoMixin }, pino.transport({ target: '@yumops/node/pino' }));
      withContext({ requestId: 'r-2' }, () => { for (let n = 0; n < 2000; n++) log.info({ n }, 'line'); });
      process.exitCode = 0;`);
    expect(result).toMatchObject({ code: 0 });
    expect(yumops.records.map(({ n }) => n)).toEqual(Array.from({ length: 2000 }, (_, n) => n));
    expect(yumops.records[0]).toMatchObject({ message: 'line', requestId: 'r-2', service: 'child', level: 'info' });
  });
});

/** Batches have the most severe lines first. */
function order(level: string): number {
  return -['trace', 'debug', 'info', 'warn', 'error', 'fatal'].indexOf(level);
}

describe('winston', () => {
  it('levels of its own sets, metadata, errors and the running context; what is below its level stays away', async () => {
    const result = await run(`const winston = require('winston');
      const { WinstonTransport } = require('@yumops/node/winston');
      const log = winston.createLogger({ level: 'verbose', format: winston.format.timestamp(), transports: [new WinstonTransport()] });
      withContext({ requestId: 'r-3' }, () => log.child({ part: 'cart' }).warn('stock is low', { sku: 'A-1', token: 'abc' }));
      log.verbose('details');
      log.debug('too much');
      log.error('cannot pay', new Error('nope'));
      const syslog = winston.createLogger({ levels: winston.config.syslog.levels, transports: [new WinstonTransport({ level: 'crit' })] });
      syslog.crit('the end'); syslog.warning('hidden');
      for (const one of [log, syslog]) one.end();`);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(byMessage()['stock is low']).toMatchObject({
      ...{ level: 'warn', sku: 'A-1', part: 'cart', token: '[redacted]', requestId: 'r-3', service: 'child' },
    });
    expect(byMessage()['details']).toMatchObject({ level: 'debug' });
    expect(byMessage()['the end']).toMatchObject({ level: 'fatal' });
    const failed = yumops.records.find(({ level }) => level === 'error');
    expect(failed?.['message']).toContain('cannot pay');
    expect(failed?.['stack']).toContain('nope');
    expect(yumops.records).toHaveLength(4);
  });
});

describe('the console', () => {
  it('is recorded beside what it shows, until it is given back', async () => {
    const result = await run(`const { captureConsole } = require('@yumops/node/console');
      const restore = captureConsole();
      console.log('orders: %d', 3);
      console.warn('stock is low', { sku: 'A-1', password: 'hunter22' });
      console.error(new TypeError('nope'));
      console.info({ get bad() { throw new Error('getter'); } });
      restore();
      console.log('after');`);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('orders: 3\n');
    expect(result.stdout).toContain('after\n');
    expect(yumops.records).toMatchObject([
      { level: 'error', message: 'nope', error: { name: 'TypeError' } },
      { level: 'warn', message: 'stock is low', sku: 'A-1', password: '[redacted]' },
      { level: 'info', message: 'orders: 3' },
      { level: 'info' },
    ]);
    expect(yumops.records.map(({ message }) => message)).not.toContain('after');
  });
});

/** By message; what is sent together has the most severe lines first. */
const byMessage = () => Object.fromEntries(yumops.records.map((record) => [record['message'], record]));

describe('consola', () => {
  it('levels, kinds, tags, objects, errors and the running context, redacted', async () => {
    const result = await run(`const { createConsola } = require('consola');
      const { consolaReporter } = require('@yumops/node/consola');
      const log = createConsola({ level: Infinity, reporters: [consolaReporter()] });
      withContext({ requestId: 'r-4' }, () => log.withTag('cart').warn('stock is low', { sku: 'A-1', password: 'hunter22' }));
      log.success('built %d files', 3);
      log.error(new TypeError('nope'));
      log.fatal('the end');
      log.debug('details'); log.trace('deep'); log.verbose('deeper');
      log.info({ message: 'as an object', token: 'abc', part: 'cart' });
      log.info('bad', { get bad() { throw new Error('getter'); } });
      const trap = () => { throw new Error('trap'); };
      log.info('worse', new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap, has: trap }));`);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(byMessage()).toMatchObject({
      worse: { level: 'info' },
      'stock is low': { level: 'warn', tag: 'cart', sku: 'A-1', password: '[redacted]', requestId: 'r-4' },
      'built 3 files': { level: 'info', kind: 'success' },
      nope: { level: 'error', error: { name: 'TypeError', stack: expect.stringContaining('nope') } },
      'the end': { level: 'fatal' },
      details: { level: 'debug' },
      deep: { level: 'trace' },
      deeper: { level: 'trace' },
      'as an object': { level: 'info', token: '[redacted]', part: 'cart' },
      bad: { level: 'info' },
    });
  });
});

describe('LogTape', () => {
  it('levels, properties, categories, templates and the running context, redacted; disposing delivers', async () => {
    const result = await run(`const { configure: configureLogTape, dispose, getLogger } = require('@logtape/logtape');
      const { logTapeSink } = require('@yumops/node/logtape');
      await configureLogTape({
        sinks: { yumops: logTapeSink() },
        loggers: [
          { category: ['shop'], sinks: ['yumops'], lowestLevel: 'trace' },
          { category: ['logtape', 'meta'], sinks: [], lowestLevel: 'error' },
        ],
      });
      const log = getLogger(['shop', 'cart']);
      withContext({ requestId: 'r-5' }, () => log.warn('{sku} is low', { sku: 'A-1', password: 'hunter22' }));
      log.error('cannot pay', { error: new TypeError('nope') });
      log.info\`order of \${3} for \${{ token: 'abc' }}\`;
      log.trace('deep');
      log.info('{{not}} {n} with {password} and {user.token}', { n: 4, password: 'hunter22', user: { token: 'hunter22' } });
      log.fatal('the end');
      log.debug('bad', { get bad() { throw new Error('getter'); } });
      await dispose();
      process.kill(process.pid, 'SIGKILL');`);
    expect(result).toMatchObject({ code: null, stderr: '' });
    expect(byMessage()).toMatchObject({
      'A-1 is low': { level: 'warn', category: 'shop.cart', sku: 'A-1', password: '[redacted]', requestId: 'r-5' },
      'cannot pay': { level: 'error', error: { name: 'TypeError' } },
      'order of 3 for {…}': { level: 'info', args: [{ token: '[redacted]' }] },
      deep: { level: 'trace' },
      '{not} 4 with [redacted] and [redacted]': { password: '[redacted]', user: { token: '[redacted]' } },
      'the end': { level: 'fatal' },
    });
  });
});

describe("OpenTelemetry's log SDK", () => {
  it('severity, body, attributes, trace and resource, redacted, whatever the running context; shutting down delivers', async () => {
    const result = await run(`const { LoggerProvider, SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs');
      const { resourceFromAttributes } = require('@opentelemetry/resources');
      const api = require('@opentelemetry/api');
      const { YumOpsLogRecordExporter } = require('@yumops/node/opentelemetry');
      const provider = new LoggerProvider({
        resource: resourceFromAttributes({ 'service.name': 'cart', 'service.version': '1.2', 'deployment.environment.name': 'stage', 'host.name': 'h1' }),
        processors: [new SimpleLogRecordProcessor({ exporter: new YumOpsLogRecordExporter() })],
      });
      const log = provider.getLogger('checkout');
      const span = api.trace.wrapSpanContext({ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 });
      const context = api.trace.setSpan(api.ROOT_CONTEXT, span);
      withContext({ requestId: 'r-6', traceId: 'ef'.repeat(16) }, () => log.emit({
        context, severityNumber: 13, body: 'stock is low', timestamp: ${TIME}, attributes: { sku: 'A-1', password: 'hunter22', 'http.route': '/cart' },
      }));
      log.emit({ severityText: 'ERROR', body: 'cannot pay', attributes: { 'exception.type': 'TypeError', 'exception.message': 'nope' } });
      log.emit({ eventName: 'order', body: { total: 3, token: 'abc' } });
      await provider.shutdown();
      process.kill(process.pid, 'SIGKILL');`);
    expect(result).toMatchObject({ code: null, stderr: '' });
    const origin = { service: 'cart', release: '1.2', environment: 'stage' };
    expect(byMessage()).toMatchObject({
      'stock is low': {
        ...{
          ...origin,
          level: 'warn',
          timestamp: new Date(TIME).toISOString(),
          'otel.scope.name': 'checkout',
          'host.name': 'h1',
        },
        ...{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), sku: 'A-1', password: '[redacted]', endpoint: '/cart' },
      },
      'cannot pay': { ...origin, level: 'error', error: { name: 'TypeError', message: 'nope' } },
      '': { ...origin, level: 'info', event: 'order', body: { total: 3, token: '[redacted]' } },
    });
    expect(byMessage()['stock is low']).not.toHaveProperty('requestId');
  });
});

it('records belong to the span of OpenTelemetry in which they are written', async () => {
  await run(`const api = require('@opentelemetry/api');
    const { AsyncLocalStorage } = require('node:async_hooks');
    const store = new AsyncLocalStorage();
    api.context.setGlobalContextManager({
      active: () => store.getStore() ?? api.ROOT_CONTEXT,
      with: (context, work, self, ...args) => store.run(context, () => work.call(self, ...args)),
      bind: (_context, target) => target, enable() { return this; }, disable() { return this; },
    });
    const span = api.trace.wrapSpanContext({ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 });
    api.context.with(api.trace.setSpan(api.context.active(), span), () => logger.info('inside'));
    logger.info('outside');`);
  const [inside, outside] = yumops.records;
  expect(inside).toMatchObject({ message: 'inside', traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) });
  expect(outside).not.toHaveProperty('traceId');
});
