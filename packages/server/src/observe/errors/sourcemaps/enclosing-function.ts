const NAME = '([A-Za-z_$][\\w$]*)';

/** Ways in which JavaScript and TypeScript begin a function that has a name. */
const BEGINNINGS = [
  new RegExp(`\\bfunction\\s*\\*?\\s*${NAME}\\s*[<(]`),
  new RegExp(`\\b(?:const|let|var)\\s+${NAME}\\s*(?::[^=]+)?=\\s*(?:async\\s*)?(?:function\\b|\\(|[\\w$]+\\s*=>)`),
  new RegExp(
    `^\\s*(?:(?:public|private|protected|static|async|override|get|set|readonly)\\s+)*#?${NAME}\\s*(?:<[^>]*>)?\\([^;]*\\{\\s*$`,
  ),
  new RegExp(`^\\s*${NAME}\\s*[:=]\\s*(?:async\\s*)?(?:function\\b|\\([^)]*\\)\\s*(?::[^=]+)?=>|[\\w$]+\\s*=>)`),
];

/** Words that look like the begin of a method and are none. */
const KEYWORDS = new Set([
  'if',
  'for',
  'while',
  'switch',
  'catch',
  'with',
  'return',
  'function',
  'do',
  'else',
  'await',
  'new',
]);

/** Lines above a place that are looked at. */
const MOST_LINES = 400;

/**
 * Names the function around a line by the text of its source: the nearest line above, with less indentation, that
 * begins a function. For frames whose caller does not say their name.
 * @param line from 1
 */
export function enclosingFunction(lines: readonly string[], line: number): string | null {
  const at = lines[line - 1];
  if (at === undefined) return null;
  let limit = indentOf(at);
  const own = beginning(at);
  if (own !== null && /\{.*\S|=>\s*\S/.test(at)) return own;
  for (let i = line - 2; i >= Math.max(0, line - MOST_LINES); i -= 1) {
    const text = lines[i] as string;
    if (text.trim() === '') continue;
    const indent = indentOf(text);
    if (indent >= limit) continue;
    limit = indent;
    const name = beginning(text);
    if (name !== null) return name;
  }
  return null;
}

function beginning(text: string): string | null {
  for (const pattern of BEGINNINGS) {
    const name = pattern.exec(text)?.[1];
    if (name !== undefined && !KEYWORDS.has(name)) return name;
  }
  return null;
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}
