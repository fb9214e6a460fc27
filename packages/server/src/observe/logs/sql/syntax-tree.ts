import { YumOpsError } from '../../../lib/errors.ts';

/** A node of the tree that `EXPLAIN AST` prints. */
export interface SyntaxNode {
  /** `Function`, `TableIdentifier`, `Literal`, … */
  type: string;
  /** What stands after the type, without the number of children. */
  text: string;
  children: SyntaxNode[];
}

const LINE = /^( *)([A-Z][A-Za-z:]*)(?: (.*?))?(?: ?\(children (\d+)\))?$/s;

/**
 * Reads the lines of `EXPLAIN AST`. A tree whose numbers of children do not add up is refused, so that a name with a
 * line end in it cannot pretend to be a node.
 */
export function readSyntaxTree(lines: readonly string[]): SyntaxNode {
  const root: SyntaxNode = { type: 'Root', text: '', children: [] };
  const path: { node: SyntaxNode; expected: number }[] = [{ node: root, expected: 1 }];
  for (const line of lines) {
    const match = LINE.exec(line);
    const depth = match?.[1]?.length ?? 0;
    const parent = path[depth]?.node;
    if (!match || !parent || line.includes('\n')) throw unreadable();
    const node: SyntaxNode = { type: match[2] as string, text: match[3] ?? '', children: [] };
    parent.children.push(node);
    closeDeeper(path, depth);
    path.push({ node, expected: Number(match[4] ?? 0) });
  }
  closeDeeper(path, -1);
  return root.children[0] as SyntaxNode;
}

function closeDeeper(path: { node: SyntaxNode; expected: number }[], depth: number): void {
  while (path.length > depth + 1) {
    const closed = path.pop() as { node: SyntaxNode; expected: number };
    if (closed.node.children.length !== closed.expected) throw unreadable();
  }
}

function unreadable(): YumOpsError {
  return new YumOpsError('query_not_allowed', 'The query has names that cannot be checked.', {
    status: 400,
    hint: 'Avoid line ends and brackets in quoted names.',
  });
}
