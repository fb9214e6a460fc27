import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { randomHex } from '../../lib/random.ts';
import type { Signals } from '../../lib/signals.ts';
import type { SecurityEvent } from './event.ts';

/** Events alone, in a form that versions before the questions understand too. */
const EVENTS = 'yumops_security_events';
const TALK = 'yumops_security_talk';
/** Postgres takes 8,000 bytes in a word. */
const WORD_BYTES = 6_500;
/** So long is waited for answers; who is alive answers within milliseconds. */
const ANSWER_MS = 3_000;
/** A word that was sent before the connection heard anything is said again. */
const ASK_EVERY_MS = 250;

/** Against whom nothing is counted any more, as a restriction names them. */
export interface Pardon {
  /** Of the restriction that was lifted. */
  id: string;
  project: string;
  value: string;
}

/** What one instance tells the others beside events. */
type Word =
  /** Asks everybody, or these alone, for what they took and have not stored. */
  | { kind: 'question'; question: string; of?: readonly string[] }
  /** All that the question asked for was said. */
  | { kind: 'answered'; question: string }
  | { kind: 'pardon'; pardon: Pardon };

export interface WordOptions {
  signals: Signals;
  clock: Clock;
  log: Log;
  /** Name of this instance. */
  instance: string;
  /** The other instances that take events, as they are on record now. */
  others(): Promise<readonly string[]>;
  /** What this instance took and has perhaps not stored. */
  waiting(): Promise<readonly SecurityEvent[]>;
  heard(events: readonly SecurityEvent[]): void;
  pardoned(pardon: Pardon): void;
  /** Words may have been missed. */
  missed(): void;
}

interface Question {
  id: string;
  /** Called when this instance hears its own question: from here on it hears everything. */
  echoed(): void;
  answered(from: string): void;
}

/** What instances tell each other of security events, so that they count the same. */
export class EventWords {
  readonly #options: WordOptions;
  #question: Question | null = null;
  #ends: (() => void)[] = [];
  readonly #toAnswer = new Set<string>();
  #answering = Promise.resolve();

  constructor(options: WordOptions) {
    this.#options = options;
  }

  start(): void {
    // In this order: who hears a question heard every event since.
    const { signals, instance, heard, missed } = this.#options;
    this.#ends = [
      signals.listen(EVENTS, (text) => {
        const { from, events } = JSON.parse(text) as { from: string; events: readonly SecurityEvent[] };
        if (from !== instance) heard(events);
      }),
      signals.listen(TALK, (text) => {
        const { from, ...word } = JSON.parse(text) as { from: string } & Word;
        if (from === instance) this.#echo(word);
        else this.#hear(from, word);
      }),
      signals.onGap(missed),
    ];
  }

  stop(): void {
    for (const end of this.#ends) end();
  }

  /** @throws when the others could not be told; some may have been */
  async tell(events: readonly SecurityEvent[]): Promise<void> {
    let word: SecurityEvent[] = [];
    let bytes = 0;
    for (const event of events) {
      const size = Buffer.byteLength(JSON.stringify(event)) + 1;
      if (bytes + size > WORD_BYTES && word.length > 0) {
        await this.#send(EVENTS, { events: word });
        word = [];
        bytes = 0;
      }
      if (size > WORD_BYTES) continue;
      word.push(event);
      bytes += size;
    }
    if (word.length > 0) await this.#send(EVENTS, { events: word });
  }

  async pardon(pardon: Pardon): Promise<void> {
    await this.#say({ kind: 'pardon', pardon });
  }

  /**
   * Lets other instances say what they took and have not stored. What they took before is in the store when this
   * resolves, or was heard; what they take later is heard.
   * @param of only these; undefined = every one
   * @returns those that did not answer
   * @throws when nobody can be asked
   */
  async ask(of?: readonly string[]): Promise<readonly string[]> {
    const question = randomHex(8);
    const answered = new Set<string>();
    const { clock, others } = this.#options;
    const deadline = clock.monotonic() + ANSWER_MS;
    let tellEcho: () => void = () => undefined;
    let tellAnswer: () => void = () => undefined;
    const echo = new Promise<void>((resolve) => {
      tellEcho = resolve;
    });
    this.#question = {
      id: question,
      echoed: tellEcho,
      answered(from) {
        answered.add(from);
        tellAnswer();
      },
    };
    let hears = false;
    while (!hears && clock.monotonic() < deadline) {
      await this.#say({ kind: 'question', question, ...(of && { of }) });
      hears = await Promise.race([echo.then(() => true), clock.sleep(ASK_EVERY_MS).then(() => false)]);
    }
    // Only now: who comes later than this tells what it takes to somebody who hears it.
    const asked = (await others()).filter((one) => of?.includes(one) ?? true);
    const open = () => asked.filter((one) => !answered.has(one));
    while (open().length > 0 && clock.monotonic() < deadline) {
      const next = new Promise<void>((resolve) => {
        tellAnswer = resolve;
      });
      await Promise.race([next, clock.sleep(deadline - clock.monotonic())]);
    }
    this.#question = null;
    return hears ? open() : asked;
  }

  #echo(word: Word): void {
    if (word.kind === 'question' && word.question === this.#question?.id) this.#question.echoed();
  }

  #hear(from: string, word: Word): void {
    if (word.kind === 'pardon') this.#options.pardoned(word.pardon);
    else if (word.kind === 'question') this.#answerLater(word);
    else if (word.question === this.#question?.id) this.#question.answered(from);
  }

  /**
   * One after the other: each reads all that waits. A question that is said again while its answer is under way is answered
   * once more, as whoever asked may not have heard the beginning.
   */
  #answerLater({ question, of }: Extract<Word, { kind: 'question' }>): void {
    if (this.#toAnswer.has(question) || of?.includes(this.#options.instance) === false) return;
    this.#toAnswer.add(question);
    this.#answering = this.#answering.then(() => {
      this.#toAnswer.delete(question);
      return this.#answer(question);
    });
  }

  /** Who asked and hears nothing asks again later. */
  async #answer(question: string): Promise<void> {
    const { log, waiting } = this.#options;
    try {
      await this.tell(await waiting());
      await this.#say({ kind: 'answered', question });
    } catch (error) {
      log.warn('another instance could not be told of security events that wait', { reason: messageOf(error) });
    }
  }

  #say(word: Word): Promise<void> {
    return this.#send(TALK, word);
  }

  async #send(channel: string, said: object): Promise<void> {
    const { signals, instance } = this.#options;
    await signals.send(channel, JSON.stringify({ from: instance, ...said }));
  }
}
