/** An item of `GET /api/v1/silences`: alerts with these labels are not told of. */
export interface Silence {
  id: string;
  state: 'scheduled' | 'active' | 'ended';
  /** `name="value"`, with `=`, `!=`, `=~` or `!~`; all hold. */
  matchers: string[];
  startsAt: string;
  /** Null when it lasts until what it was made for is resolved. */
  endsAt: string | null;
  untilResolved: boolean;
  author: string;
  reason: string;
  createdAt: string;
  /** When somebody ended it before its time. */
  endedAt: string | null;
  endedBy: string | null;
}

/** Body of `POST /api/v1/silences`. */
export interface SilenceRequest {
  matchers: string[];
  /** Default now. */
  start?: string;
  /** Left out with `untilResolved`. */
  end?: string;
  untilResolved?: boolean;
  reason: string;
  /** Accepts an end more than 30 days away. */
  confirm?: boolean;
}
