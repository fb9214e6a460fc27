import { parseDuration } from '../../../lib/duration.ts';

/** What a condition of Gatus becomes; nothing at all where the kind of monitor implies it. */
export interface ReadCondition {
  statuses?: (number | string)[];
  assertion?: string;
  /** Of the body. */
  text?: string;
  /** Of a DNS record. */
  expect?: string;
  domainDays?: number;
  note?: string;
}

const FORM = /^\s*(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*$/;
const DAY_MS = 86_400_000;

type Reader = (operator: string, right: string, kind: string) => ReadCondition | undefined;

const READERS: Record<string, Reader> = {
  '[STATUS]': ofStatus,
  '[RESPONSE_TIME]': (operator, right) => ({ assertion: `time ${operator} ${Number(right)}ms` }),
  '[CONNECTED]': (_operator, right) => (right === 'true' ? {} : undefined),
  '[DNS_RCODE]': (_operator, right) => (right === 'NOERROR' ? {} : undefined),
  '[CERTIFICATE_EXPIRATION]': ofCertificate,
  '[DOMAIN_EXPIRATION]': (_operator, right) => {
    const ms = parseDuration(right);
    return ms === undefined ? undefined : { domainDays: Math.max(1, Math.ceil(ms / DAY_MS)) };
  },
};

/** Reads `[STATUS] == 200` and its like. @param kind of the monitor that it becomes */
export function readCondition(condition: string, kind: string): ReadCondition {
  const [, left = '', operator = '', right = ''] = FORM.exec(condition) ?? [];
  const read = READERS[left] ?? ((op, value) => ofBody(left, op, value, kind));
  return read(operator, right, kind) ?? { note: `the condition "${condition}" has no counterpart and was left out` };
}

function ofStatus(operator: string, right: string): ReadCondition | undefined {
  const list = /^any\((.+)\)$/
    .exec(right)?.[1]
    ?.split(',')
    .map((one) => Number(one.trim())) ?? [Number(right)];
  if (list.some((status) => !Number.isInteger(status))) return undefined;
  const [status = 0] = list;
  switch (operator) {
    case '==':
      return { statuses: list };
    case '<':
      return { statuses: [`100-${status - 1}`] };
    case '<=':
      return { statuses: [`100-${status}`] };
    default:
      return { assertion: `status ${operator} ${status}` };
  }
}

function ofCertificate(operator: string, right: string, kind: string): ReadCondition | undefined {
  const ms = parseDuration(right);
  if (ms === undefined || !operator.startsWith('>')) return undefined;
  return kind === 'http' ? { assertion: `certificate.days ${operator} ${Math.floor(ms / DAY_MS)}` } : {};
}

const BODY = /^(?:(len|has)\()?\[BODY\]((?:\.[\w$-]+|\[\d+\])*)\)?$/;

function ofBody(left: string, operator: string, right: string, kind: string): ReadCondition | undefined {
  const form = BODY.exec(left);
  if (!form) return undefined;
  const [, wrapper, path = ''] = form;
  if (kind === 'dns') return operator === '==' ? { expect: right } : undefined;
  if (kind !== 'http') return undefined;
  const inside = path === '' ? '$' : path.replace(/^\./, '');
  if (wrapper === 'len')
    return { assertion: `jsonata $count(${inside}) ${operator === '==' ? '=' : operator} ${right}` };
  if (wrapper === 'has') return { assertion: `jsonata $exists(${inside}) = ${right}` };
  const pattern = /^pat\((.+)\)$/.exec(right)?.[1];
  return pattern === undefined ? ofValue(path, operator, right) : ofPattern(path, operator, pattern);
}

function ofValue(path: string, operator: string, right: string): ReadCondition | undefined {
  const values = /^any\((.+)\)$/
    .exec(right)?.[1]
    ?.split(',')
    .map((one) => one.trim());
  if (values)
    return operator === '==' && path !== '' ? { assertion: `json${path} in ${JSON.stringify(values)}` } : undefined;
  if (path === '') return operator === '==' ? { assertion: `body == ${JSON.stringify(right)}` } : undefined;
  const isJson = /^-?\d+(\.\d+)?$|^(true|false|null)$/.test(right);
  return { assertion: `json${path} ${operator} ${isJson ? right : JSON.stringify(right)}` };
}

/** `*text*` is a text that occurs; other patterns become regular expressions of JSONata. */
function ofPattern(path: string, operator: string, pattern: string): ReadCondition | undefined {
  const inner = /^\*([^*?]+)\*$/.exec(pattern)?.[1];
  if (operator !== '==') return undefined;
  if (path === '') return inner === undefined ? undefined : { text: inner };
  const expression = pattern
    .replace(/[.+^${}()|[\]\\/]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return { assertion: `jsonata $contains($string(${path.replace(/^\./, '')}), /^${expression}$/)` };
}
