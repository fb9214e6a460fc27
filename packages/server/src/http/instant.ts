import { z } from 'zod';
import { parseInstant } from '../lib/zoned-time.ts';

/** An instant in a body or a query, as people write it; milliseconds since the epoch when it is read. */
export const instant = z
  .string()
  .max(60)
  .describe('2026-10-25T00:30:00Z, or a local time with its zone: 2026-10-25 01:30 Europe/London')
  .transform((text, context) => {
    const found = parseInstant(text);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: `"${text}" is not a time` });
    return z.NEVER;
  });
