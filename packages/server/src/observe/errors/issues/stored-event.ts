import type { ErrorEvent } from '../event.ts';

/** An event from the columns of its row: its exceptions, the largest part, are kept once. */
export function storedEvent(row: { event: string; exception: string }): ErrorEvent & Record<string, unknown> {
  const event = JSON.parse(row.event) as ErrorEvent & Record<string, unknown>;
  return { ...event, exception: JSON.parse(row.exception) as ErrorEvent['exception'] };
}
