import { audit } from '../access/audit.ts';
import { highestRole, includesRole, type Principal } from '../http/access.ts';
import type { Db } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import { scrubText } from '../observe/ingest/index.ts';
import { TOOLS } from './registry.ts';
import type { Tool, ToolAnswer, ToolApi } from './tool.ts';

/** A model reads every character of an answer; beyond this a list is cut and says so. */
const MOST_CHARACTERS = 24_000;
const MOST_ARGUMENTS = 2_000;

/** Calls tools in somebody's name. */
export interface ToolCaller {
  principal: Principal;
  api: ToolApi;
}

export interface ToolCallDeps {
  db: Db;
  publicUrl: string;
}

/**
 * Calls a tool and writes down in the audit log who called it with what, and how it went.
 * @returns the answer, cut to what a model can read, with its link as an address
 * @throws YumOpsError `unknown_tool` (404), `forbidden` (403), `invalid_arguments` (400), or what the platform refused
 */
export async function callTool(
  deps: ToolCallDeps,
  caller: ToolCaller,
  name: string,
  input: unknown,
): Promise<ToolAnswer> {
  let outcome = 'ok';
  try {
    const answer = await runTool(caller, name, input);
    return fit({ ...answer, link: new URL(answer.link, deps.publicUrl).href });
  } catch (error) {
    outcome = error instanceof YumOpsError ? error.code : 'internal_error';
    throw error;
  } finally {
    await audit(deps.db, {
      at: caller.api.now,
      actor: caller.principal.name,
      action: 'tool.call',
      target: name.slice(0, 100),
      detail: { arguments: scrubText(JSON.stringify(input ?? {})).slice(0, MOST_ARGUMENTS), outcome },
    });
  }
}

async function runTool({ principal, api }: ToolCaller, name: string, input: unknown): Promise<ToolAnswer> {
  const tool = findTool(name);
  const held = highestRole(principal);
  if (!includesRole(held, tool.role)) {
    throw new YumOpsError('forbidden', `${principal.name} is ${held}; ${name} needs ${tool.role}.`, {
      hint: `A token of \`yumops token create --role ${tool.role}\` may call it.`,
      status: 403,
    });
  }
  const parsed = tool.input.safeParse(input ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new YumOpsError('invalid_arguments', `${name}: ${issue?.path.join('.') || 'arguments'}: ${issue?.message}.`, {
      hint: "The tool's input schema tells what it takes.",
      status: 400,
    });
  }
  return tool.run(api, parsed.data);
}

function findTool(name: string): Tool {
  const tool = TOOLS.find((candidate) => candidate.name === name);
  if (tool) return tool;
  throw new YumOpsError('unknown_tool', `There is no tool "${name.slice(0, 100)}".`, {
    hint: 'GET /api/v1/tools lists them.',
    status: 404,
  });
}

/** Halves the answer's list until it fits; an answer that is long without a list loses its longest texts. */
function fit(answer: ToolAnswer): ToolAnswer {
  if (JSON.stringify(answer).length <= MOST_CHARACTERS) return answer;
  const items = answer['items'];
  if (Array.isArray(items) && items.length > 1) {
    const shown = items.slice(0, Math.floor(items.length / 2));
    const cut = `Only the first ${shown.length} are shown: ask for less, or see the link.`;
    return fit({ ...answer, items: shown, cut });
  }
  const shortened = JSON.parse(JSON.stringify(answer), (_key, value: unknown) =>
    typeof value === 'string' && value.length > 500 ? `${value.slice(0, 500)}…` : value,
  ) as ToolAnswer;
  const text = JSON.stringify(shortened);
  if (text.length <= MOST_CHARACTERS) return { ...shortened, cut: 'Long texts are cut: see the link.' };
  return { text: text.slice(0, MOST_CHARACTERS), cut: 'The answer is cut: see the link.', link: answer.link };
}
