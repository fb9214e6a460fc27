import type { WallTime } from '../../lib/zoned-time.ts';
import type { PersonalRules } from './personal-rules.ts';

/** One way to reach a person. */
export interface Contact {
  /** An e-mail address, or a phone number in E.164. */
  address: string;
  /** Why nothing can be sent there; null when it works. */
  broken: string | null;
}

/** Somebody who can be told of alerts. */
export interface Person {
  name: string;
  email: Contact | null;
  /** For SMS and calls. */
  phone: Contact | null;
  /** Member id in Slack. */
  slack: string | null;
  /** Name of the topic of ntfy that is theirs. */
  ntfy?: string | null;
  /** Nothing is sent to these addresses before their owner has confirmed them. */
  mustConfirm?: boolean;
  /** How they want to be told; left out = the default. */
  rules?: Partial<PersonalRules>;
}

/** How long a turn is: calendar days keep their time of day over daylight saving, hours are elapsed time. */
export type Rotation = { unit: 'days' | 'hours'; length: number };

/** Hours of certain days during which a layer counts. A window that does not end after it began ends on the next day. */
export interface Restriction {
  /** Days on which the window begins, 0 = Sunday. */
  days: readonly number[];
  /** Milliseconds from midnight on the wall clock; `to` is at most 24 hours. */
  from: number;
  to: number;
}

/** People who take turns. */
export interface Layer {
  people: readonly string[];
  /** When the first person begins; nobody of the layer is on call before. */
  start: WallTime;
  every: Rotation;
  /** Empty = at all times. */
  restrict: readonly Restriction[];
}

/** A time with somebody on call in it. Instants in milliseconds since the epoch, half-open: `[start, end)`. */
export interface Shift {
  person: string;
  start: number;
  end: number;
}

/** Layers lie over one another: where several have somebody on call, the last one counts. Overrides lie over all. */
export interface Schedule {
  /** The name in lower case with dashes, for addresses. */
  id: string;
  name: string;
  /** IANA name. */
  timeZone: string;
  layers: readonly Layer[];
  /** In the order in which they were written; where two overlap, the later one counts. */
  overrides: readonly Shift[];
}
