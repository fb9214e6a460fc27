/** What an assertion looks at. `certificate` is days left, `time` milliseconds of the whole check. */
export type AssertionSubject =
  | { kind: 'status' }
  | { kind: 'time' }
  | { kind: 'certificate' }
  | { kind: 'body' }
  | { kind: 'header'; name: string }
  | { kind: 'json'; path: readonly (string | number)[] };

export type AssertionOperator = '==' | '!=' | '>' | '>=' | '<' | '<=' | 'in' | 'contains';

/** One extra demand on an answer: `json.status == "healthy"`, `time < 500ms`, `status in [200, 202]`. */
export interface Assertion {
  /** As written. */
  text: string;
  subject: AssertionSubject;
  op: AssertionOperator;
  /** A JSON value; milliseconds for `time`, days for `certificate`, a list for `in`. */
  value: unknown;
}
