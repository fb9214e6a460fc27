import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { createToolServer, type ToolAnswer } from '../mcp/index.ts';
import { openClient } from './client.ts';
import { platformArgs } from './command.ts';
import { stopRequest } from './stop-request.ts';

export const mcp = defineCommand({
  meta: { name: 'yumops mcp', description: 'Serve the tools of agents on stdin and stdout (Model Context Protocol)' },
  args: {
    ...platformArgs,
    server: {
      type: 'string',
      description: 'Address of a platform elsewhere; YUMOPS_ADMIN_TOKEN is the token to call it with',
      valueHint: 'URL',
    },
  },
  async run({ args }) {
    const client = await openClient(readSettings(args), args.server);
    const call = (name: string, input: unknown) =>
      client.post<ToolAnswer>(`/api/v1/tools/${encodeURIComponent(name)}`, input);
    const serving = serveStdio(() => createToolServer(call));
    const closed = new Promise<void>((resolve) => process.stdin.once('close', resolve));
    await Promise.race([closed, stopRequest()]);
    await serving.close();
    await client.close();
    return 0;
  },
});
