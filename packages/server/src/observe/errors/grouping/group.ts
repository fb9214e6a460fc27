import { createHash } from 'node:crypto';
import { type ErrorEvent, type ExceptionValue, type StackFrame, thrownOf } from '../event.ts';
import { stableAssetName } from './asset-name.ts';
import { parameterise } from './parameterise.ts';
import { applyRules, type GroupingRule } from './rules.ts';

/** Version of the rules below. A changed rule is a new version, so that events stay explainable. */
export const GROUPING_VERSION = 1;

/** Where an event belongs and why. */
export interface Grouping {
  /** 16 hex digits: the issue, unless it was moved by hand. */
  hash: string;
  /** What was compared. */
  by: 'fingerprint' | 'rule' | 'stack' | 'message';
  /** What went into the hash, in order, as people may read it. */
  parts: string[];
  /** The first cause of a chain, where it is another error than the one thrown. */
  rootCause: string | null;
}

/** Frames nearest the throw that are compared: what lies further out says how the code was reached. */
const FRAMES = 5;

/**
 * Says to which issue an event belongs: by its fingerprint, else by the project's rules, else by the in-app frames of
 * the error that was thrown, else by its type and message with everything that varies taken out.
 */
export function groupEvent(event: ErrorEvent, project: string, rules: readonly GroupingRule[] = []): Grouping {
  const own = event.fingerprint.filter((part) => part !== '');
  const ruled = own.length > 0 ? undefined : applyRules(event, rules);
  const fallback = byContent(event);
  const fingerprint = own.length > 0 ? own : ruled;
  if (!fingerprint) return finish(event, project, fallback.by, fallback.parts);
  const parts = fingerprint.flatMap((part) => (isDefault(part) ? fallback.parts : [part]));
  const all = fingerprint.length === 1 && isDefault(fingerprint[0] as string);
  return finish(event, project, all ? fallback.by : own.length > 0 ? 'fingerprint' : 'rule', parts);
}

function isDefault(part: string): boolean {
  return /^\{\{\s*default\s*\}\}$/.test(part);
}

function finish(event: ErrorEvent, project: string, by: Grouping['by'], parts: string[]): Grouping {
  const hash = createHash('sha256')
    .update(JSON.stringify([GROUPING_VERSION, project, parts]))
    .digest('hex')
    .slice(0, 16);
  return { hash, by, parts, rootCause: rootCauseOf(event) };
}

function rootCauseOf({ exception }: ErrorEvent): string | null {
  const { values } = exception;
  const [root] = values;
  return values.length > 1 && root ? titleOf(root) : null;
}

function titleOf({ type, value }: ExceptionValue): string {
  return [type, value].filter(Boolean).join(': ');
}

function byContent(event: ErrorEvent): { by: 'stack' | 'message'; parts: string[] } {
  const thrown = thrownOf(event);
  const type = thrown?.type ?? '';
  const frames = stableFrames(thrown?.stacktrace?.frames ?? []);
  if (frames.length > 0) return { by: 'stack', parts: [`type ${type}`, ...frames.map((frame) => `frame ${frame}`)] };
  const message = parameterise(event.template ?? thrown?.value ?? event.message);
  return { by: 'message', parts: [`type ${type}`, `message ${message}`] };
}

/** The comparable frames, nearest the throw first; none where all of them would change with the next build. */
function stableFrames(frames: readonly StackFrame[]): string[] {
  const inApp = frames.filter(isInApp);
  const looked = inApp.length > 0 ? inApp : frames;
  const described: string[] = [];
  for (const frame of looked.toReversed()) {
    const text = describeFrame(frame);
    if (text === undefined || described.at(-1) === text) continue;
    described.push(text);
    if (described.length === FRAMES) break;
  }
  return described;
}

/** Whether a frame is code of the application: as the sender says, else by its path. */
export function isInApp(frame: StackFrame): boolean {
  if (typeof frame.in_app === 'boolean') return frame.in_app;
  const path = frame.abs_path ?? frame.filename ?? '';
  return !/node_modules|^node:|^internal\/|^native$|^<anonymous>$|^\[native code\]$|^chrome-extension:|^moz-extension:/.test(
    path,
  );
}

/** Function, module and, for code without a name, its line of source; undefined for what the next build renames. */
function describeFrame(frame: StackFrame): string | undefined {
  const name = stableFunction(frame);
  const place = frame.raw || !frame.module ? stableAssetName(frame.filename ?? frame.abs_path ?? '') : frame.module;
  if (name !== undefined) return `${name} in ${place}`;
  if (isMinified(frame)) return undefined;
  const line = frame.context_line?.replace(/\s+/g, ' ').trim().slice(0, 120);
  if (line) return `${parameterise(line)} in ${place}`;
  return place === '' ? undefined : `in ${place}`;
}

function stableFunction(frame: StackFrame): string | undefined {
  const { function: written = '' } = frame;
  const name = written
    .replace(/^(?:async|new|get|set|bound) /, '')
    .replace(/\[as [^\]]+\]/, '')
    .replace(/^(?:Object|Module|module|exports|window|Window|global|globalThis)\.(?=.)/, '')
    .replace(/\$\d+$/, '')
    .trim();
  if (/^(?:\?|<anonymous>|anonymous|\(anonymous\)|<unknown>|<global>)?$/.test(name)) return undefined;
  if (
    isMinified(frame) &&
    name.split('.').every((word) => word.length <= 2 || /^(?:Array|Object|Promise|Function|window)$/.test(word))
  )
    return undefined;
  return name;
}

/** A frame of a bundle to which no source map was applied: its names and places belong to one build. */
function isMinified(frame: StackFrame): boolean {
  if (frame.raw) return false;
  const path = frame.abs_path ?? frame.filename ?? '';
  const plain = path.replace(/[?#].*$/, '');
  if (!/\.(?:[cm]?js)$/i.test(plain) && !/^https?:/.test(path)) return false;
  return (
    (frame.colno ?? 0) > 300 ||
    /\.min\.|\/_next\/|\/chunks?\/|\/assets\//.test(plain) ||
    stableAssetName(plain).includes('<')
  );
}
