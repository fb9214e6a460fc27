import { parse as parseYaml } from 'yaml';

/** A part of a runbook in its order: text, or a step that somebody checks. */
export type RunbookPart = { type: 'text'; markdown: string } | { type: 'step'; step: number; markdown: string };

/** Something that the platform does when somebody asks for it in a step. */
export interface RunbookAction {
  /** From 0, over the whole runbook. */
  index: number;
  /** The step that offers it, from 0. */
  step: number;
  label: string;
  /** Such as `job.run`. */
  name: string;
  parameters: Readonly<Record<string, string>>;
}

/** A runbook or a procedure in Markdown. */
export interface Runbook {
  id: string;
  title: string;
  kind: 'runbook' | 'procedure';
  /** Names of the alerts that it goes with. */
  alerts: readonly string[];
  /** The first paragraph. */
  about: string;
  parts: readonly RunbookPart[];
  steps: number;
  actions: readonly RunbookAction[];
  /** As it is written, without the head. */
  text: string;
  /** It came with YumOps. */
  shipped: boolean;
}

const HEAD = /^---\r?\n([\s\S]*?)\r?\n---\r?\n/;
const STEP = /^[-*] \[[ xX]\] (.*)$/;
const ACTION = /\[([^\]]+)\]\(action:([a-z]+(?:[._][a-z]+)*)(?:\?([^)\s]*))?\)/g;

/**
 * Reads a runbook. Steps are the items of task lists (`- [ ] …`, with what is indented below), actions are links in them
 * whose address begins with `action:`.
 */
export function parseRunbook(id: string, source: string, shipped: boolean): Runbook {
  const head = HEAD.exec(source);
  const facts = readHead(head?.[1]);
  const body = source.slice(head?.[0].length ?? 0);
  const title = /^# +(.+)$/m.exec(body)?.[1]?.trim() ?? id;
  const text = body.replace(/^# +.+$/m, '').trim();
  const parts = partsOf(text);
  const steps = parts.flatMap((part) => (part.type === 'step' ? [part] : []));
  const actions = steps.flatMap(({ step, markdown }) =>
    [...markdown.matchAll(ACTION)].map((found) => ({ step, found })),
  );
  const first = parts[0];
  return {
    id,
    title,
    ...facts,
    about: first?.type === 'text' ? (first.markdown.split(/\n\s*\n/)[0] ?? '').replaceAll('\n', ' ') : '',
    parts,
    steps: steps.length,
    actions: actions.map(({ step, found: [, label = '', name = '', query = ''] }, index) => ({
      ...{ index, step, label, name },
      parameters: Object.fromEntries(new URLSearchParams(query)),
    })),
    text,
    shipped,
  };
}

function readHead(text: string | undefined): { kind: Runbook['kind']; alerts: string[] } {
  const head: unknown = text === undefined ? {} : parseQuietly(text);
  const { kind, alerts } = (typeof head === 'object' && head !== null ? head : {}) as Record<string, unknown>;
  const names = Array.isArray(alerts) ? alerts.filter((name) => typeof name === 'string') : [];
  return { kind: kind === 'procedure' ? 'procedure' : 'runbook', alerts: names };
}

/** A head that cannot be read must not hide the steps below it. */
function parseQuietly(text: string): unknown {
  try {
    return parseYaml(text);
  } catch {
    return {};
  }
}

function partsOf(text: string): RunbookPart[] {
  const parts: RunbookPart[] = [];
  let step = 0;
  let fenced = false;
  for (const line of text.split(/\r?\n/)) {
    const last = parts.at(-1);
    const begins = fenced ? null : STEP.exec(line);
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    if (begins) parts.push({ type: 'step', step: step++, markdown: begins[1] ?? '' });
    else if (last?.type === 'step' && (/^\s{2,}/.test(line) || line.trim() === '')) {
      last.markdown += `\n${line.replace(/^ {2,6}/, '')}`;
    } else if (last?.type === 'text') last.markdown += `\n${line}`;
    else parts.push({ type: 'text', markdown: line });
  }
  return parts.map((part) => ({ ...part, markdown: part.markdown.trim() })).filter(({ markdown }) => markdown !== '');
}
