/** Milliseconds between two samples of what sessions wait for: one round. */
export const ROUND_MS = 5_000;

/**
 * Every how many rounds the rest is looked at: connections (15 s, as rules over levels expect them), statements, urgent
 * findings, the catalogue, what changes slowly, and the sizes of tables and indexes (once an hour).
 */
const ROUNDS = { connections: 3, statements: 6, urgent: 12, catalogue: 60, slow: 120, sizes: 720 } as const;

export type Look = keyof typeof ROUNDS;

/** A round, of a database at a place (from 0) among those that are watched. */
export interface Round {
  number: number;
  place: number;
}

/**
 * Whether a look is due. The first round takes everything; from then on the long looks of databases, which often share a
 * server, lie a minute apart.
 */
export function isDue(look: Look, { number, place }: Round): boolean {
  return number === 0 || (number + place * ROUNDS.urgent) % ROUNDS[look] === 0;
}

/** Milliseconds that the first round of a database waits, so that the rounds of `count` databases lie apart. */
export function firstRoundAfter(place: number, count: number): number {
  return Math.floor((ROUND_MS * place) / count);
}

/** Rounds to leave out after `number`, up to the next sample of connections: for a database that could not be reached. */
export function roundsToLeaveOut(number: number): number {
  return ROUNDS.connections - 1 - (number % ROUNDS.connections);
}
