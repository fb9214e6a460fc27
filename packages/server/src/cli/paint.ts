import { coloured, type Paint, plain } from '../config/format.ts';

/** Colours for a terminal that wants them. */
export function paintFor({ NO_COLOR }: NodeJS.ProcessEnv): Paint {
  return process.stdout.isTTY && NO_COLOR === undefined ? coloured : plain;
}
