/**
 * A token of ClickHouse SQL: a gap (white space, comment), a quoted text or name, a heredoc, a word or number, or any
 * other single character. Joined, the tokens are the input again.
 */
export interface ClickHouseToken {
  kind: 'gap' | 'quoted' | 'word' | 'sign';
  text: string;
}

const TOKEN = new RegExp(
  [
    /(?<gap>\s+|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?(?:\*\/|$))/u,
    /(?<quoted>'(?:[^'\\]|\\[\s\S]|'')*'?|"(?:[^"\\]|\\[\s\S]|"")*"?|`(?:[^`\\]|\\[\s\S]|``)*`?|\$(?<tag>\w*)\$[\s\S]*?(?:\$\k<tag>\$|$))/u,
    /(?<word>[\p{L}\p{N}_]+)/u,
    /(?<sign>[\s\S])/u,
  ]
    .map((part) => part.source)
    .join('|'),
  'gu',
);

/** Cuts SQL into tokens. An unfinished quotation or comment reaches to the end. */
export function* clickhouseTokens(sql: string): Generator<ClickHouseToken> {
  for (const { groups = {}, 0: text } of sql.matchAll(TOKEN)) {
    const { gap, quoted, word } = groups;
    if (gap !== undefined) yield { kind: 'gap', text };
    else if (quoted !== undefined) yield { kind: 'quoted', text };
    else yield { kind: word === undefined ? 'sign' : 'word', text };
  }
}

/** Splits a script at its semicolons; empty statements and those of comments alone are left out. */
export function splitStatements(script: string): string[] {
  const statements: string[] = [];
  let current = '';
  let empty = true;
  const finish = () => {
    if (!empty) statements.push(current.trim());
    current = '';
    empty = true;
  };
  for (const { kind, text } of clickhouseTokens(script)) {
    if (text === ';') {
      finish();
      continue;
    }
    current += text;
    if (kind !== 'gap') empty = false;
  }
  finish();
  return statements;
}
