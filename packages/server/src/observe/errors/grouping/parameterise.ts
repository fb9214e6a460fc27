/** One kind of value that differs between two occurrences of one error. First match wins; order matters. */
const KINDS: readonly [string, RegExp][] = [
  ['email', /[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z\d-]{1,63}(?:\.[a-z\d-]{1,63}){1,8}/gi],
  ['url', /\b(?:[a-z][a-z\d+.-]{1,20}:\/\/|blob:|data:)[^\s"'<>()]+/gi],
  ['uuid', /\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi],
  ['date', /\b\d{4}-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b/g],
  [
    'date',
    /\b(?:mon|tue|wed|thu|fri|sat|sun),? (?:\d{1,2} )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w* [\d: ,]+(?:gmt|utc)?/gi,
  ],
  ['time', /\b[0-2]?\d:[0-5]\d:[0-5]\d(?:\.\d+)?\b/g],
  ['ip', /\b(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?\b/g],
  [
    'ip',
    /(?<![\w:])(?:[\da-f]{1,4}:){3,7}[\da-f]{1,4}(?![\w:])|(?<![\w:])(?:[\da-f]{1,4}:){1,6}:(?:[\da-f]{1,4}:){0,5}[\da-f]{0,4}(?![\w:])/gi,
  ],
  ['hash', /\b(?:[\da-f]{64}|[\da-f]{40}|[\da-f]{32})\b/gi],
  ['asset', /\b[\w.@-]{0,80}[-.~](?=[\w-]{0,16}\d)[\w-]{6,20}\.(?:m?js|css|chunk\.js|bundle\.js|wasm)\b/g],
  [
    'host',
    /\b(?:[a-z\d](?:[a-z\d-]{0,62}[a-z\d])?\.){1,8}(?:com|net|org|io|dev|app|co|internal|local|localhost|cloud|ai|de|uk|eu)\b(?::\d{1,5})?/gi,
  ],
  ['host', /\blocalhost(?::\d{1,5})?\b/gi],
  ['position', /\b(?:line|column|col|position|offset|char(?:acter)?|byte) \d+\b/gi],
  ['duration', /\b\d+(?:\.\d+)?\s?(?:ms|µs|us|ns|sec(?:ond)?s?|min(?:ute)?s?|hours?|days?|[smhd])\b/g],
  ['hex', /\b0x[\da-f]+\b/gi],
  ['hex', /\b(?=[a-f]*\d)(?=\d*[a-f])[\da-f]{8,128}\b/gi],
  ['id', /(?<![\w+/=-])(?=[\w+/-]*\d)(?=[\w+/-]*[A-Z])(?=[\w+/-]*[a-z])[\w+/-]{16,}={0,2}(?![\w+/=-])/g],
  ['float', /(?<![\w.])[+-]?\d+\.\d+(?:e[+-]?\d+)?\b/gi],
  ['int', /(?<![A-Za-z_])-?\d+\b/g],
  ['int', /(?<=[A-Za-z_#-])\d{2,}\b/g],
  ['bool', /\b(?:true|false)\b/gi],
  ['quoted', /'[^']{1,400}'|"[^"]{1,400}"/g],
];

/** Characters of a message that are looked at. */
const MOST = 2_000;

/**
 * A message with what varies between occurrences replaced by its kind: `User 17 not found` → `User <int> not found`.
 * The name of a member stays, because it tells errors apart: `Cannot read properties of undefined (reading 'name')`.
 */
export function parameterise(message: string): string {
  let text = message.slice(0, MOST).split('\n', 3).join('\n');
  for (const [kind, pattern] of KINDS) {
    text = text.replace(pattern, (match: string, ...rest: unknown[]) =>
      kind === 'quoted' && namesMember(text, Number(rest.at(-2))) ? match : `<${kind}>`,
    );
  }
  return text.replace(/\s+/g, ' ').trim();
}

function namesMember(text: string, at: number): boolean {
  return /(?:reading|setting|property|method|attribute|key) $/.test(text.slice(Math.max(0, at - 10), at));
}
