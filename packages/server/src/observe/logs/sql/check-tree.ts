import { YumOpsError } from '../../../lib/errors.ts';
import { isAllowedFunction, NODES, RELATIONS } from './allow-list.ts';
import type { SyntaxNode } from './syntax-tree.ts';

/** Names that a query gives to parts of itself, and tables that it must not reach by such a name. */
export interface Names {
  /** Names of `WITH name AS (…)`. */
  own: ReadonlySet<string>;
  /** Every table and view of the database. */
  tables: ReadonlySet<string>;
}

const MEMBERSHIP = new Set(['in', 'notin', 'globalin', 'globalnotin', 'innullable', 'notinnullable']);

/**
 * Checks that a query only reads relations it may read, with functions it may call.
 * @throws query_not_allowed (400) naming what is not allowed
 */
export function checkTree(root: SyntaxNode, names: Names): void {
  if (root.type !== 'SelectWithUnionQuery' && root.type !== 'SelectIntersectExceptQuery') {
    throw notAllowed('Only SELECT is allowed.');
  }
  checkNode(root, names);
}

function checkNode(node: SyntaxNode, names: Names): void {
  if (node.type === 'Set') throw notAllowed('SETTINGS is not allowed.');
  if (!NODES.has(node.type)) throw notAllowed(`This part of SQL is not allowed: ${node.type}.`);
  switch (node.type) {
    case 'SelectWithUnionQuery':
      checkOutput(node);
      break;
    case 'TableExpression':
      checkTable(node);
      break;
    case 'TableIdentifier':
      checkRelation(nameOf(node), names);
      break;
    case 'Function':
      checkFunction(node, names);
      break;
  }
  for (const child of node.children) checkNode(child, names);
}

/** `INTO OUTFILE` and `FORMAT` stand beside the list of selects. */
function checkOutput(node: SyntaxNode): void {
  if (node.children.length === 1 && node.children[0]?.type === 'ExpressionList') return;
  throw notAllowed('INTO OUTFILE, FORMAT and SETTINGS are not allowed.');
}

function checkTable(node: SyntaxNode): void {
  const called = node.children.find(({ type }) => type === 'Function');
  if (called) throw notAllowed(`The table function ${nameOf(called)} is not allowed.`);
}

function checkFunction(node: SyntaxNode, names: Names): void {
  const name = nameOf(node);
  if (!isAllowedFunction(name)) throw notAllowed(`The function ${name} is not allowed.`);
  if (!MEMBERSHIP.has(name.toLowerCase())) return;
  // `x IN name` reads the table of that name.
  const source = node.children[0]?.children[1];
  if (source?.type === 'Identifier' || source?.type === 'TableIdentifier') checkRelation(nameOf(source), names);
}

function checkRelation(name: string, names: Names): void {
  if (RELATIONS.has(name)) return;
  if (names.own.has(name) && !names.tables.has(name)) return;
  throw notAllowed(`The relation ${name} is not one that can be queried.`);
}

function nameOf({ text }: SyntaxNode): string {
  return text.replace(/ ?\(alias .*$/s, '');
}

function notAllowed(message: string): YumOpsError {
  return new YumOpsError('query_not_allowed', message, {
    status: 400,
    hint: `Queries read these relations: ${[...RELATIONS].join(', ')}.`,
  });
}
