import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import { type Finding, type Issue, severityOf } from '../lib/finding.ts';

/** A YAML file that was read: its value, and where in its text each part of the value stands. */
export interface Source {
  file: string;
  /** The top-level map; empty when the file is empty or cannot be read. */
  value: Record<string, unknown>;
  /** True when the text is no YAML, so that nothing else can be said of it. */
  broken: boolean;
  /** Turns an issue into a finding at its place. */
  locate(issue: Issue): Finding;
}

/** Where a mistake of YAML itself is. */
interface SyntaxProblem {
  code: 'E100' | 'E102';
  offset: number;
  message: string;
  suggestion: string;
}

function resolveAlias(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function pairOf(node: unknown, key: string | number): Pair<unknown, unknown> | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => String(isScalar(pair.key) ? pair.key.value : pair.key) === String(key));
}

function start(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

/** The offset of the value at `path`, or of its nearest ancestor that exists. */
function offsetOf(
  document: Document,
  { path, atKey, offset: into = 0 }: Pick<Issue, 'path' | 'atKey' | 'offset'>,
): number {
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  for (const [index, key] of path.entries()) {
    node = resolveAlias(node, document);
    const pair = pairOf(node, key);
    const child = isSeq(node) ? node.items[Number(key)] : pair?.value;
    const last = index === path.length - 1;
    const place = start(last && atKey ? pair?.key : child) ?? start(pair?.key);
    if (place === undefined) return offset;
    offset = place;
    node = child;
  }
  if (into === 0 || !isScalar(node) || atKey) return offset;
  return offset + into + (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? 1 : 0);
}

/** The parser's own words, as the rest of a sentence. */
function lowerFirst(message: string): string {
  const plain = message.replace(/\.$/, '').replace(/ ["']quote$/, ' quote');
  return `${plain.charAt(0).toLowerCase()}${plain.slice(1)}`;
}

function syntaxProblems(document: Document, text: string): SyntaxProblem[] {
  const end = Math.max(0, text.trimEnd().length - 1);
  const problems: SyntaxProblem[] = document.errors.map((error) => {
    const offset = Math.min(error.pos[0], end);
    if (error.code === 'DUPLICATE_KEY') {
      return { code: 'E102', offset, message: 'this key stands here twice', suggestion: 'remove one of them' };
    }
    const message = `not valid YAML: ${lowerFirst(error.message)}`;
    return { code: 'E100', offset, message, suggestion: 'check indentation, colons and quotes' };
  });
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document)) return;
      const message = `not valid YAML: there is no anchor "${alias.source}" before this`;
      problems.push({
        code: 'E100',
        offset: start(alias) ?? 0,
        message,
        suggestion: 'put a text that begins with * in quotes',
      });
    },
  });
  return problems;
}

function duplicateKey(text: string, offset: number): string | undefined {
  return /^["']?([\w.-]+)/.exec(text.slice(offset))?.[1];
}

/**
 * Reads the text of a YAML file.
 * @param report takes what is wrong with the YAML itself: E100, E102, and E103 when the top is not a map
 */
export function readSource(file: string, text: string, report: (finding: Finding) => void): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, merge: true });
  const at = (offset: number, { code, severity, message, suggestion }: Omit<Issue, 'path'>): Finding => {
    const { line, col } = lines.linePos(offset);
    return { file, line, col, code, severity: severity ?? severityOf(code), message, suggestion: suggestion ?? null };
  };
  const problems = syntaxProblems(document, text);
  for (const problem of problems) {
    const key = problem.code === 'E102' ? duplicateKey(text, problem.offset) : undefined;
    report(at(problem.offset, key === undefined ? problem : { ...problem, message: `"${key}" stands here twice` }));
  }
  const broken = problems.some(({ code }) => code === 'E100');
  const locate = (issue: Issue) => at(offsetOf(document, issue), issue);
  let value: unknown = null;
  try {
    value = broken ? null : document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    report(at(0, { code: 'E100', message: `not valid YAML: ${(error as Error).message}` }));
    return { file, value: {}, broken: true, locate };
  }
  if (value === null || value === undefined) return { file, value: {}, broken, locate };
  if (typeof value !== 'object' || Array.isArray(value)) {
    const suggestion = 'begin with a key such as alert_rules:';
    report(locate({ code: 'E103', path: [], message: 'the file is not a map of sections', suggestion }));
    return { file, value: {}, broken: true, locate };
  }
  return { file, value: value as Record<string, unknown>, broken, locate };
}
