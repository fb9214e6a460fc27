const COLOURS: Record<string, number> = { trace: 90, debug: 36, info: 32, warn: 33, error: 31, fatal: 35 };
const QUIET = new Set(['timestamp', 'level', 'message', 'service', 'environment', 'release', 'traceId', 'spanId']);

const paint = (colour: number, text: string, on: boolean) => (on ? `\u001b[${colour}m${text}\u001b[0m` : text);

function plain(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@[\]-]+$/.test(value) ? value : JSON.stringify(value);
}

/** What a terminal would take for a command, made visible; further lines are indented. */
function shown(text: string): string {
  return text
    .replace(/(?![\n\t])\p{Cc}/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replaceAll('\n', '\n  ');
}

/** The stack of an error and those of its causes. */
function stacksOf(error: unknown, lead = ''): string {
  const { stack, cause } = (error ?? {}) as { stack?: unknown; cause?: unknown };
  return typeof stack === 'string' ? `\n  ${lead}${shown(stack)}${stacksOf(cause, 'caused by: ')}` : '';
}

/**
 * A JSON line for people: `12:30:01.204 INFO  message key=value`, an error's stack below.
 * @param colours whether to use terminal colours
 */
export function prettyLine(line: string, colours: boolean): string {
  const record = JSON.parse(line) as Record<string, unknown>;
  const level = String(record['level']);
  const time = String(record['timestamp']).slice(11, 23);
  const fields = Object.entries(record)
    .filter(([key]) => !QUIET.has(key) && key !== 'error')
    .map(([key, value]) => `${paint(90, `${key}=`, colours)}${plain(value)}`);
  const head = `${paint(90, time, colours)} ${paint(COLOURS[level] ?? 37, level.toUpperCase().padEnd(5), colours)} ${shown(String(record['message']))}`;
  return `${[head, ...fields].join(' ')}${stacksOf(record['error'])}\n`;
}
