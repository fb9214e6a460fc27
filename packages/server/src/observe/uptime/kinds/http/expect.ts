import { STATUS_CODES } from 'node:http';
import { type Facts, shorten, unmet } from '../../assert.ts';
import { findMismatch, type Mismatch } from '../../json-subset.ts';
import { untrue } from '../../jsonata.ts';
import type { HttpExpectation, HttpMonitorConfig } from './config.ts';
import type { HttpAnswer } from './exchange.ts';
import { statusesInWords } from './status.ts';

/**
 * Holds an answer against what the monitor expects, in the order status, text, JSON, assertions.
 * @param durationMs of the whole check
 * @returns the first expectation that is not met, as a sentence, or null
 */
export async function unmetExpectation(
  monitor: HttpExpectation,
  answer: HttpAnswer,
  durationMs: number,
): Promise<string | null> {
  return (
    unmetStatus(monitor, answer) ??
    unmetText(monitor, answer) ??
    unmetJson(monitor, answer) ??
    (await unmetAssertion(monitor, answer, durationMs))
  );
}

/** The expectations as short phrases for people: `status 200`, `body contains "YumZoom"`. */
export function describeExpectations(monitor: HttpMonitorConfig): string[] {
  const phrases = [`status ${statusesInWords(monitor.expectedStatus)}`];
  if (monitor.expectedText !== null) phrases.push(`body contains ${JSON.stringify(monitor.expectedText)}`);
  if (monitor.expectedJson !== undefined) phrases.push(`JSON contains ${JSON.stringify(monitor.expectedJson)}`);
  if (monitor.maxResponseTimeMs !== null) phrases.push(`answer within ${monitor.maxResponseTimeMs} ms`);
  return [...phrases, ...monitor.assertions.map(({ text }) => text)];
}

function unmetStatus(monitor: HttpExpectation, answer: HttpAnswer): string | null {
  if (monitor.expectedStatus.includes(answer.status)) return null;
  const name = answer.statusText || STATUS_CODES[answer.status] || '';
  return `Expected status ${statusesInWords(monitor.expectedStatus)}, got ${`${answer.status} ${name}`.trim()}.`;
}

function unmetText(monitor: HttpExpectation, { body }: HttpAnswer): string | null {
  if (monitor.expectedText === null || body.text.includes(monitor.expectedText)) return null;
  const where = body.truncated
    ? 'the first 1 MiB of the body'
    : `the ${body.bytes.toLocaleString('en')} bytes of the body`;
  return `Expected the text ${JSON.stringify(monitor.expectedText)}, but it is not in ${where}.`;
}

function unmetJson(monitor: HttpExpectation, { body }: HttpAnswer): string | null {
  if (monitor.expectedJson === undefined) return null;
  if (body.truncated) return 'Expected JSON, but the body is larger than 1 MiB and was not read to its end.';
  const actual = parseJson(body.text);
  if (actual === undefined)
    return `Expected JSON, got ${body.text === '' ? 'an empty body' : shorten(JSON.stringify(body.text))}.`;
  const mismatch = findMismatch(monitor.expectedJson, actual);
  return mismatch && mismatchSentence(mismatch);
}

function mismatchSentence({ path, expected, found }: Mismatch): string {
  const verb = Array.isArray(found) ? 'contain' : 'be';
  const came = found === undefined ? 'it is absent' : `found ${shorten(JSON.stringify(found))}`;
  return `Expected ${path} to ${verb} ${shorten(JSON.stringify(expected))}, ${found === undefined ? 'but ' : ''}${came}.`;
}

async function unmetAssertion(
  monitor: HttpExpectation,
  answer: HttpAnswer,
  durationMs: number,
): Promise<string | null> {
  if (monitor.assertions.length === 0) return null;
  const facts = factsOf(answer, durationMs);
  for (const assertion of monitor.assertions) {
    const { subject } = assertion;
    const reason = subject.kind === 'jsonata' ? await untrue(subject.expression, facts.json) : unmet(assertion, facts);
    if (reason !== null) return reason;
  }
  return null;
}

/** What assertions may look at. */
export function factsOf(answer: HttpAnswer, durationMs: number): Facts {
  return {
    status: answer.status,
    timeMs: durationMs,
    certificateDays: answer.certificate?.days,
    body: answer.body.text,
    headers: answer.headers,
    json: parseJson(answer.body.text),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
