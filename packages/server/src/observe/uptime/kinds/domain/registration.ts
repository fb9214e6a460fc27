import { z } from 'zod';

/** What a registry says of a domain. */
export interface Registration {
  /** Milliseconds since the epoch; null when it does not say. */
  expiresAt: number | null;
  /** As in RFC 8056: `active`, `client hold`, `pending delete`. */
  status: string[];
}

/** The part of RFC 9083 that matters. */
const answerShape = z.object({
  objectClassName: z.literal('domain').optional(),
  ldhName: z.string().optional(),
  events: z.array(z.object({ eventAction: z.string(), eventDate: z.string() })).default([]),
  status: z.array(z.string()).default([]),
});

/** @returns undefined when the text is not an RDAP answer about a domain */
export function readRegistration(text: string): Registration | undefined {
  const parsed = answerShape.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { objectClassName, ldhName, events, status } = parsed.data;
  if (objectClassName === undefined && ldhName === undefined && events.length === 0) return undefined;
  const date = events.find(({ eventAction }) => eventAction.toLowerCase() === 'expiration')?.eventDate;
  const expiresAt = Date.parse(date ?? '');
  return { expiresAt: Number.isNaN(expiresAt) ? null : expiresAt, status };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
