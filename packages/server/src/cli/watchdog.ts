import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { resolve } from 'node:path';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { systemClock } from '../lib/clock.ts';
import { codeOf, YumOpsError } from '../lib/errors.ts';
import { createLog } from '../lib/log.ts';
import { loadUsableConfig } from '../main/config.ts';
import { createNotifiers } from '../respond/notify/index.ts';
import { Watchdog, type WatchdogConfig, type WatchState } from '../respond/watchdog/index.ts';
import { commonArgs } from './command.ts';
import { stopRequest } from './stop-request.ts';

const MOST_BYTES = 16_384;

export const watchdog = defineCommand({
  meta: {
    name: 'yumops watchdog',
    description: 'Watch the platform from a process of its own, and tell when its beats stop; runs until it is stopped',
  },
  args: {
    ...commonArgs,
    config: { type: 'string', description: 'Folder or file with yumops.yml (YUMOPS_CONFIG)', valueHint: 'DIR|FILE' },
    state: {
      type: 'string',
      default: 'yumops-watchdog.json',
      description: 'File that it remembers in, over a restart',
      valueHint: 'FILE',
    },
  },
  async run({ args }) {
    const settings = readSettings(args);
    const { config } = loadUsableConfig(settings.config, settings.env);
    const { listen, rules } = usable(config.watchdog);
    const path = resolve(args.state);
    const log = createLog(systemClock, (line) => process.stderr.write(line), settings.logLevel);
    const dog = new Watchdog({
      config: rules,
      service: config.service,
      notifiers: createNotifiers(config.integrations, systemClock),
      publicUrl: config.publicUrl ?? `http://127.0.0.1:${settings.port}`,
      clock: systemClock,
      log,
      remembered: await readState(path),
      remember: (state) => writeFileAtomic(path, JSON.stringify(state)),
    });
    const server = serve(dog);
    await new Promise<void>((done, failed) => server.once('error', failed).listen(listen.port, listen.host, done));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : listen.port;
    dog.start();
    const ready = { url: `http://${listen.host}:${port}/beat`, everyMs: rules.everyMs, misses: rules.misses };
    process.stdout.write(args.json ? `${JSON.stringify(ready)}\n` : `ready: ${ready.url}\n`);
    await stopRequest();
    server.closeAllConnections();
    server.close();
    await dog.stop();
    process.exit(0);
  },
});

function usable(config: WatchdogConfig | null) {
  const hint = 'See docs/guide/watchdog.md.';
  if (!config?.listen) {
    throw new YumOpsError('watchdog_not_set_up', 'The configuration has no watchdog.listen.', { hint, status: 400 });
  }
  if (!config.notify.some(({ broken }) => broken === null)) {
    throw new YumOpsError('watchdog_not_set_up', 'watchdog.notify has no receiver that works.', { hint, status: 400 });
  }
  return { listen: config.listen, rules: config };
}

async function readState(path: string): Promise<WatchState | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as WatchState;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** `POST /beat` takes a beat, `GET /` says what the watchdog knows. */
function serve(dog: Watchdog): Server {
  return createServer(async (request, response) => {
    const answer = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.method === 'GET' && request.url === '/') return answer(200, dog.state);
    if (request.method !== 'POST' || request.url !== '/beat') return answer(404, { error: { code: 'not_found' } });
    const body = await bodyOf(request);
    const signature = request.headers['x-yumops-signature'];
    const isOurs = body !== undefined && (await dog.beat(body, typeof signature === 'string' ? signature : undefined));
    return isOurs ? answer(202, { accepted: true }) : answer(403, { error: { code: 'bad_beat' } });
  });
}

/** The body; undefined when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
