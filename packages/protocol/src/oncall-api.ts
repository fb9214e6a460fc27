/** Times are ISO 8601 in UTC; ends are the first moment that no longer belongs. */

/** An item of `GET /api/v1/oncall?at=`: one schedule at one instant. */
export interface OnCallSituation {
  /** Name of the schedule. */
  schedule: string;
  /** The same in lower case with dashes, for addresses. */
  scheduleId: string;
  timeZone: string;
  /** Null when nobody is on call. */
  person: string | null;
  /** Null when it has been so for more than two years. */
  since: string | null;
  /** The next change; null when none comes within two years. */
  until: string | null;
  /** Who is on call after the change; null when nobody is. */
  next: string | null;
}

/** `GET /api/v1/oncall?at=`, which is now when it is left out. */
export interface OnCallNow {
  at: string;
  items: OnCallSituation[];
}

/** An item of `GET /api/v1/oncall/people`: somebody who can be put on call. */
export interface OnCallPerson {
  name: string;
  /** Whether this is whoever asks: the account has the person's e-mail address. */
  mine: boolean;
  /** Every way to reach them; none when there is no address. */
  targets: OnCallTarget[];
  /** Every address, also those that are not confirmed. */
  methods: ContactMethod[];
  /** How they are told by steps that notify `on_call`: of critical alerts, and of all others. */
  rules: { high: ContactRules; low: ContactRules };
}

/** An address of a person. Nothing is sent to one that is not confirmed. */
export interface ContactMethod {
  /** Null for one of the configuration that nobody has confirmed. */
  id: string | null;
  person: string;
  channel: OnCallTarget['channel'];
  address: string;
  confirmed: boolean;
  /** Why nothing can be sent there; null when it works. */
  broken: string | null;
  fromConfiguration: boolean;
}

export interface ContactRules {
  from: 'configuration' | 'own' | 'default';
  /** In order; `after` in seconds from the step that reaches the person. */
  items: { after: number; channel: OnCallTarget['channel'] }[];
}

/** Answers `POST /api/v1/oncall/contact-methods/:id/code`. */
export interface SentCode {
  outcome: 'sent' | 'retry' | 'refused';
  /** What the vendor answered. */
  answer: string;
}

export interface OnCallTarget {
  channel: 'sms' | 'phone_call' | 'email' | 'ntfy';
  /** A phone number, an e-mail address, or the name of a topic of ntfy. */
  target: string;
  /** Why nothing can be sent there; null when it works. */
  broken: string | null;
}

/** A time with one person on call. */
export interface OnCallShift {
  schedule: string;
  person: string;
  start: string;
  end: string;
}

/** A time with nobody on call. */
export interface OnCallGap {
  schedule: string;
  start: string;
  end: string;
}

/** Somebody stands in for a time. */
export interface OnCallOverride extends OnCallShift {
  /** Null for one that is written in the configuration. */
  id: string | null;
  /** The same for both halves of a swap, else null. */
  swap: string | null;
  /** Null where the configuration says it. */
  createdBy: string | null;
}

/** `GET /api/v1/oncall?from=&to=` */
export interface OnCallCalendar {
  from: string;
  to: string;
  /** Who is on call in the end, all layers and overrides considered. */
  shifts: OnCallShift[];
  gaps: OnCallGap[];
  /** Who of each layer has a turn; `layer` counts from 0, later layers count over earlier ones. */
  layers: (OnCallShift & { layer: number })[];
  overrides: OnCallOverride[];
}

/** A link to a calendar file, an item of `GET /api/v1/oncall/feeds`. */
export interface OnCallFeed {
  id: string;
  schedule: string;
  createdBy: string;
  createdAt: string;
}

/** Answers `POST /api/v1/oncall/feeds`. The secret is part of the address and is shown once. */
export interface NewOnCallFeed extends OnCallFeed {
  url: string;
}
