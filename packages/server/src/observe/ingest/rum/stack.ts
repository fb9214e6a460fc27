/** A frame as error events carry it. Lines and columns count from 1. */
export interface ParsedFrame {
  function: string;
  filename: string;
  lineno: number;
  colno: number;
}

const MOST_LINES = 250;
/** `at name (place:line:column)` or `at place:line:column`: Chromium. */
const CHROMIUM = /^\s*at (?:(.*?) ?\()?((?:[a-z][\w.+-]*:|\/|<).*?):(\d+):(\d+)\)?$/i;
/** `name@place:line:column`: Firefox and Safari. */
const OTHERS = /^(.*?)@((?:[a-z][\w.+-]*:|\/).*?):(\d+):(\d+)$/i;

/** The frames of a browser's stack, the innermost last, as error events have them. Lines that are none are left out. */
export function parseStack(stack: string): ParsedFrame[] {
  const frames = stack
    .split('\n')
    .slice(0, MOST_LINES)
    .flatMap((line) => {
      const match = CHROMIUM.exec(line.slice(0, 2_000)) ?? OTHERS.exec(line.trim().slice(0, 2_000));
      if (!match) return [];
      const [, name = '', filename = '', lineno, colno] = match;
      return [{ function: name.trim() || '?', filename, lineno: Number(lineno), colno: Number(colno) }];
    });
  return frames.reverse();
}
