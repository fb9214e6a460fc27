/** Keys and indexes that lead from the top of a configuration to a value. */
export type ConfigPath = readonly (string | number)[];

export type FindingSeverity = 'error' | 'warning' | 'info';

/** A remark about the value at `path`. The first letter of its code is its severity: E, W or I. */
export interface Issue {
  /** As in the reference of findings: `E104`, `W205`, `I101`. */
  code: string;
  path: ConfigPath;
  /** What was found, naming the thing. */
  message: string;
  /** What to write instead. */
  suggestion?: string;
  /** True when the key itself is meant, not its value. */
  atKey?: boolean;
  /** Characters into the text of the value. */
  offset?: number;
  /** Where it is less grave than its code says. */
  severity?: FindingSeverity;
}

/** Takes an issue of the part that is being read; `path` counts from the start of that part. */
export type Report = (issue: Issue) => void;

/** An issue at its place in a file. Lines and columns count from 1. */
export interface Finding {
  file: string;
  line: number;
  col: number;
  code: string;
  severity: FindingSeverity;
  message: string;
  suggestion: string | null;
}

/** A value of a configuration and the way to report about it; paths of issues count from the value. */
export interface Placed<Value> {
  value: Value;
  report: Report;
}

/** `E104` is an error, `W205` a warning, `I101` a piece of information. */
export function severityOf(code: string): FindingSeverity {
  if (code.startsWith('E')) return 'error';
  return code.startsWith('W') ? 'warning' : 'info';
}

/** Reports with every path moved below `prefix`. */
export function within(report: Report, ...prefix: (string | number)[]): Report {
  return (issue) => report({ ...issue, path: [...prefix, ...issue.path] });
}
