/** What is replaced: texts, quoted names are kept, numbers, comments and white space. */
const TOKEN =
  /(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<name>"(?:[^"]|"")*"?)|(?<text>\b[eE]'(?:[^'\\]|''|\\[\s\S])*'?|(?:\b[bBxXnN]|\b[uU]&)?'(?:[^']|'')*'?)|(?<dollar>\$(?<tag>[A-Za-z_]\w*|)\$[\s\S]*?(?:\$\k<tag>\$|$))|(?<word>[A-Za-z_\u0080-\uffff$][\w$\u0080-\uffff]*)|(?<number>\d[\w.]*)|(?<space>\s+)/g;

const LONGEST = 300;

/**
 * A statement without its values: texts and numbers become `?`, comments go, white space is one blank. Longer texts
 * are cut. Values never leave the database through it.
 */
export function normaliseQuery(query: string): string {
  const plain = query.replace(TOKEN, (...match) => {
    const groups = match.at(-1) as Record<string, string | undefined>;
    if (groups.comment !== undefined || groups.space !== undefined) return ' ';
    if (groups.text !== undefined || groups.dollar !== undefined || groups.number !== undefined) return '?';
    return match[0] as string;
  });
  const line = plain.replace(/ {2,}/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line;
}
