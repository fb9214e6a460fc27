import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { createStatusCopyServer } from '../http/status-copy.ts';
import { systemClock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import { loadUsableConfig } from '../main/config.ts';
import { openBlobStore } from '../store/blob/index.ts';
import { commonArgs } from './command.ts';
import { list, post, publish, resolve, update } from './status-posts.ts';
import { stopRequest } from './stop-request.ts';

const serve = defineCommand({
  meta: {
    name: 'yumops status-page serve',
    description: 'Serve the static copy of the status page, also while the platform is away; runs until it is stopped',
  },
  args: {
    ...commonArgs,
    from: {
      type: 'string',
      description: 'Where the copy is: a folder, file:…, s3://bucket/prefix or https://…; default status_page.snapshot',
      valueHint: 'DIR|URL',
    },
    config: { type: 'string', description: 'Folder or file with yumops.yml (YUMOPS_CONFIG)', valueHint: 'DIR|FILE' },
    port: { type: 'string', default: '4680', description: 'Port, 0 = any that is free', valueHint: 'N' },
    host: { type: 'string', default: '127.0.0.1', description: 'Address to listen on', valueHint: 'HOST' },
  },
  async run({ args }) {
    const port = Number(args.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new YumOpsError('wrong_use', `"${args.port}" is no port.`, { status: 400 });
    }
    const { address, root } = placeOf(args);
    const store = await openBlobStore(address, root);
    const server = createStatusCopyServer(store, systemClock);
    await new Promise<void>((done, failed) => server.once('error', failed).listen(port, args.host, done));
    const bound = server.address();
    const url = `http://${args.host}:${typeof bound === 'object' && bound ? bound.port : port}`;
    process.stdout.write(args.json ? `${JSON.stringify({ url, from: store.address })}\n` : `ready: ${url}\n`);
    await stopRequest();
    server.closeAllConnections();
    server.close();
    store.close();
    process.exit(0);
  },
});

function placeOf(args: { from?: string | undefined; config?: string | undefined }): { address: string; root: string } {
  if (args.from !== undefined) {
    const isUrl = /^(file:|s3:|https?:)/.test(args.from);
    return { address: isUrl ? args.from : `file:${args.from}`, root: process.cwd() };
  }
  const settings = readSettings({ config: args.config });
  const { config } = loadUsableConfig(settings.config, settings.env);
  if (config.statusPage.snapshot !== null) return { address: config.statusPage.snapshot, root: config.root };
  throw new YumOpsError('no_snapshot', 'The configuration has no status_page.snapshot.', {
    hint: 'Set it, or name the place with --from.',
    status: 400,
  });
}

export const statusPage = defineCommand({
  meta: {
    name: 'yumops status-page',
    description: 'Write on the public status page, and serve it while the platform is away',
  },
  subCommands: { list, post, publish, update, resolve, serve },
});
