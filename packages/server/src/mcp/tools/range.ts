import { z } from 'zod';

/** How far back a tool looks. */
export const since = {
  minutes: z.number().int().min(1).max(43_200).default(60).describe('How far back from now, in minutes'),
};

/** The range as the REST API and the console's pages take it. */
export function rangeBefore(now: number, minutes: number): { from: string; to: string } {
  return { from: new Date(now - minutes * 60_000).toISOString(), to: new Date(now).toISOString() };
}
