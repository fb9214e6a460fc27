import { createHmac } from 'node:crypto';
import { givenText } from './given.ts';

const digest = (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex').slice(0, 24);

/** What stands for an account in events, counters and blocks: the same however the account is written. */
export function accountHash(key: string, given: unknown): string {
  const account = givenText(given);
  return /^acct_[0-9a-f]{24}$/.test(account)
    ? account
    : `acct_${digest(key, account.normalize('NFKC').trim().toLowerCase())}`;
}

/** What is told of input that was refused: whether it is the same again, its length, its kind; never the input. */
export function inputFacts(key: string, given: unknown): Record<string, unknown> {
  const input = givenText(given);
  const looksLike = KINDS.filter(([, pattern]) => pattern.test(input.slice(0, 10_000))).map(([kind]) => kind);
  return {
    inputHash: digest(key, input),
    inputLength: input.length,
    ...(looksLike.length === 0 ? {} : { looksLike: looksLike.join(',') }),
  };
}

const KINDS: readonly (readonly [string, RegExp])[] = [
  ['sql', /\b(?:union\s+select|or\s+1\s*=\s*1|drop\s+table|sleep\s*\()|'\s*(?:or|and)\s/i],
  ['script', /<\s*script|javascript:|\bon(?:error|load|click)\s*=/i],
  ['path_traversal', /\.\.[/\\]|%2e%2e|\/etc\/passwd/i],
  ['template', /\$\{.+\}|\{\{.+\}\}|<%.+%>/],
];
