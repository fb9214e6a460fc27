import type { Page, ProbeAgent, ProbeToken } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { shownTime } from './shown-time.ts';
import { formatTable } from './table.ts';

const AGENT_COLUMNS = [
  { heading: 'STATE', cell: ({ state }: ProbeAgent) => state },
  { heading: 'PLACE', cell: ({ location }: ProbeAgent) => location },
  { heading: 'NAME', cell: ({ name }: ProbeAgent) => name },
  { heading: 'MONITORS', cell: ({ monitors }: ProbeAgent) => String(monitors), align: 'right' as const },
  { heading: 'WAITING', cell: ({ waiting }: ProbeAgent) => String(waiting), align: 'right' as const },
  { heading: 'GIVEN UP', cell: ({ dropped }: ProbeAgent) => String(dropped), align: 'right' as const },
  { heading: 'LAST HEARD', cell: ({ lastSeenAt }: ProbeAgent) => shownTime(lastSeenAt) },
  { heading: 'VERSION', cell: ({ version }: ProbeAgent) => version },
  { heading: 'ID', cell: ({ id }: ProbeAgent) => id },
  { heading: 'TROUBLE', cell: ({ trouble }: ProbeAgent) => trouble ?? '' },
];

/** Agents in other places; exit 1 when one is away. */
export const probeList = defineCommand({
  meta: { name: 'yumops probe list', description: 'List probe agents; exit 1 when one is away' },
  args: platformArgs,
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) => client.get<Page<ProbeAgent>>('/api/v1/probes'));
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(AGENT_COLUMNS, page.items) || 'No probe agent has reported yet.\n');
    return page.items.some(({ state }) => state === 'away') ? 1 : 0;
  },
});

/** Ends the alert about an agent that will not come back. */
export const probeForget = defineCommand({
  meta: { name: 'yumops probe forget', description: 'Forget an agent that will not come back' },
  args: {
    ...platformArgs,
    id: { type: 'positional', required: true, description: 'Id from `yumops probe list`', valueHint: 'ID' },
  },
  async run({ args }) {
    await withClient(readSettings(args), (client) => client.delete(`/api/v1/probes/${encodeURIComponent(args.id)}`));
    if (args.json) printJson({ id: args.id });
    else process.stdout.write(`Forgotten: ${args.id}.\n`);
    return 0;
  },
});

const TOKEN_COLUMNS = [
  { heading: 'PLACE', cell: ({ location }: ProbeToken) => location },
  { heading: 'MADE', cell: ({ createdAt }: ProbeToken) => shownTime(createdAt) },
  { heading: 'LAST USED', cell: ({ lastUsedAt }: ProbeToken) => (lastUsedAt ? shownTime(lastUsedAt) : 'never') },
  { heading: 'REVOKED', cell: ({ revokedAt }: ProbeToken) => (revokedAt ? shownTime(revokedAt) : '') },
];

/** What tokens there are, without their secrets. */
export const probeTokens = defineCommand({
  meta: { name: 'yumops probe tokens', description: 'List the tokens of probe agents' },
  args: platformArgs,
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) => client.get<Page<ProbeToken>>('/api/v1/probe-tokens'));
    const none = 'There are none. Make one with `yumops token probe --location NAME`.\n';
    if (args.json) printJson(page);
    else process.stdout.write(formatTable(TOKEN_COLUMNS, page.items) || none);
    return 0;
  },
});

/** Takes the right to report from every agent of a place. */
export const probeRevoke = defineCommand({
  meta: { name: 'yumops probe revoke', description: 'Revoke the tokens of a place; its agents are refused at once' },
  args: {
    ...platformArgs,
    location: { type: 'positional', required: true, description: 'Name of the place', valueHint: 'PLACE' },
  },
  async run({ args }) {
    const path = `/api/v1/probe-tokens/${encodeURIComponent(args.location)}`;
    const answer = await withClient(readSettings(args), (client) => client.delete<{ revoked: number }>(path));
    if (args.json) printJson(answer);
    else process.stdout.write(`Revoked: ${answer.revoked} tokens of ${args.location}.\n`);
    return answer.revoked === 0 ? 1 : 0;
  },
});
