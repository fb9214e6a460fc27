import type { ContactMethod, OnCallPerson, Page, SentCode } from '@yumops/protocol';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { formatDuration, parseDuration } from '../lib/duration.ts';
import { YumOpsError } from '../lib/errors.ts';
import { withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';
import { formatTable } from './table.ts';

const METHODS = '/api/v1/oncall/contact-methods';
const CHANNELS: Readonly<Record<string, ContactMethod['channel']>> = {
  sms: 'sms',
  phone: 'phone_call',
  phone_call: 'phone_call',
  email: 'email',
  push: 'ntfy',
};
const nameArg = {
  type: 'positional',
  required: true,
  description: 'Name under people: in the configuration',
  valueHint: 'NAME',
} as const;
const idArg = {
  type: 'positional',
  required: true,
  description: 'Id from `yumops contact list`',
  valueHint: 'ID',
} as const;

const COLUMNS = [
  { heading: 'PERSON', cell: ({ person }: ContactMethod) => person },
  { heading: 'ID', cell: ({ id }: ContactMethod) => id ?? '-' },
  { heading: 'BY', cell: ({ channel }: ContactMethod) => wordOf(channel) },
  { heading: 'ADDRESS', cell: ({ address }: ContactMethod) => address },
  { heading: 'STATE', cell: stateOf },
  { heading: 'FROM', cell: ({ fromConfiguration }: ContactMethod) => (fromConfiguration ? 'configuration' : 'added') },
];

function stateOf({ confirmed, broken }: ContactMethod): string {
  return broken ?? (confirmed ? 'in use' : 'not confirmed: nothing is sent there');
}

function wordOf(channel: ContactMethod['channel']): string {
  if (channel === 'ntfy') return 'push';
  return channel === 'phone_call' ? 'phone' : channel;
}

const list = defineCommand({
  meta: {
    name: 'yumops contact list',
    description: 'Addresses of people, and how they are told; exit 1 when one is not in use',
  },
  args: {
    ...platformArgs,
    person: { type: 'positional', required: false, description: 'This person alone', valueHint: 'NAME' },
  },
  async run({ args }) {
    const page = await withClient(readSettings(args), (client) =>
      client.get<Page<OnCallPerson>>('/api/v1/oncall/people'),
    );
    const people = page.items.filter(({ name }) => args.person === undefined || name === args.person);
    if (people.length === 0 && args.person !== undefined) throw wrongUse(`There is no person "${args.person}".`);
    const methods = people.flatMap((person) => person.methods);
    if (args.json) printJson({ items: people });
    else {
      process.stdout.write(formatTable(COLUMNS, methods) || 'Nobody has an address.\n');
      for (const person of people.filter((one) => one.methods.length > 0)) process.stdout.write(rulesText(person));
    }
    return methods.every(({ confirmed, broken }) => confirmed && broken === null) ? 0 : 1;
  },
});

function rulesText({ name, rules: { high, low } }: OnCallPerson): string {
  const line = (urgency: string, { from, items }: OnCallPerson['rules']['high']) => {
    const said = items.map(
      ({ after, channel }) =>
        `${wordOf(channel)} ${after === 0 ? 'at once' : `after ${formatDuration(after * 1_000)}`}`,
    );
    return `  ${urgency.padEnd(4)}  ${said.join(', ') || 'nothing'} (${from === 'own' ? 'set by hand' : from})\n`;
  };
  return `\n${name}\n${line('high', high)}${line('low', low)}`;
}

const add = defineCommand({
  meta: {
    name: 'yumops contact add',
    description: 'Add an address; a code goes there, and nothing else until it is confirmed',
  },
  args: {
    ...platformArgs,
    person: nameArg,
    by: { type: 'positional', required: true, description: 'sms, phone, email or push', valueHint: 'WAY' },
    address: {
      type: 'positional',
      required: true,
      description: 'Number, e-mail address, or topic of ntfy',
      valueHint: 'ADDRESS',
    },
  },
  async run({ args }) {
    const body = { person: args.person, channel: channelOf(args.by), address: args.address };
    return withClient(readSettings(args), async (client) => {
      const method = await client.post<ContactMethod>(METHODS, body);
      const sent = method.confirmed ? null : await client.post<SentCode>(`${METHODS}/${method.id}/code`);
      if (args.json) printJson({ ...method, code: sent });
      else process.stdout.write(sent ? sentText(String(method.id), sent) : `${method.id}: in use already.\n`);
      return sent === null || sent.outcome === 'sent' ? 0 : 1;
    });
  },
});

function sentText(id: string, { outcome, answer }: SentCode): string {
  if (outcome !== 'sent') return `${id}: the code did not leave: ${answer}\n`;
  return `${id}: a code is on its way. Enter it with \`yumops contact confirm ${id} CODE\`.\n`;
}

const code = defineCommand({
  meta: { name: 'yumops contact code', description: 'Send another code to an address' },
  args: { ...platformArgs, id: idArg },
  async run({ args }) {
    const path = `${METHODS}/${encodeURIComponent(args.id)}/code`;
    const sent = await withClient(readSettings(args), (client) => client.post<SentCode>(path));
    if (args.json) printJson(sent);
    else process.stdout.write(sentText(args.id, sent));
    return sent.outcome === 'sent' ? 0 : 1;
  },
});

const confirm = defineCommand({
  meta: { name: 'yumops contact confirm', description: 'Confirm an address with the code that arrived there' },
  args: {
    ...platformArgs,
    id: idArg,
    code: { type: 'positional', required: true, description: 'The six digits', valueHint: 'CODE' },
  },
  async run({ args }) {
    const path = `${METHODS}/${encodeURIComponent(args.id)}/confirm`;
    const body = { code: args.code };
    const method = await withClient(readSettings(args), (client) => client.post<ContactMethod>(path, body));
    if (args.json) printJson(method);
    else process.stdout.write(`${method.address} of ${method.person} is in use.\n`);
    return 0;
  },
});

const remove = defineCommand({
  meta: { name: 'yumops contact remove', description: 'Remove an address that was added, or a confirmation' },
  args: { ...platformArgs, id: idArg },
  async run({ args }) {
    await withClient(readSettings(args), (client) => client.delete(`${METHODS}/${encodeURIComponent(args.id)}`));
    if (args.json) printJson({ id: args.id, removed: true });
    else process.stdout.write(`Removed: ${args.id}.\n`);
    return 0;
  },
});

const ruleArg = (what: string) => ({ type: 'string', description: what, valueHint: 'RULES' }) as const;

const rules = defineCommand({
  meta: {
    name: 'yumops contact rules',
    description: 'Set how somebody is told; what is left out has the default again',
  },
  args: {
    ...platformArgs,
    person: nameArg,
    high: ruleArg('Of critical alerts, e.g. push,sms:2m,phone:5m'),
    low: ruleArg('Of all others, e.g. email'),
  },
  async run({ args }) {
    const body = {
      ...(args.high !== undefined && { high: readRules(args.high) }),
      ...(args.low !== undefined && { low: readRules(args.low) }),
    };
    const path = `/api/v1/oncall/people/${encodeURIComponent(args.person)}/rules`;
    await withClient(readSettings(args), (client) => client.post(path, body));
    if (args.json) printJson({ person: args.person, ...body });
    else process.stdout.write(`The rules of ${args.person} are set.\n`);
    return 0;
  },
});

/** `push,sms:2m,phone:5m` */
function readRules(text: string): { after: number; channel: ContactMethod['channel'] }[] {
  return text.split(',').map((part) => {
    const [by = '', delay] = part.trim().split(':');
    const afterMs = delay === undefined ? 0 : parseDuration(delay);
    if (afterMs === undefined) throw wrongUse(`"${delay}" is not a duration.`);
    return { after: afterMs / 1_000, channel: channelOf(by) };
  });
}

function channelOf(word: string): ContactMethod['channel'] {
  const channel = CHANNELS[word];
  if (channel) return channel;
  throw wrongUse(`There is no way "${word}".`);
}

function wrongUse(message: string): YumOpsError {
  const hint = 'Ways are sms, phone, email and push; see `yumops contact --help`.';
  return new YumOpsError('wrong_use', message, { hint, status: 400 });
}

export const contact = defineCommand({
  meta: { name: 'yumops contact', description: 'How people are reached' },
  subCommands: { list, add, code, confirm, remove, rules },
});
