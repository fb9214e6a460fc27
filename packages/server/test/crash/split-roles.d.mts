export interface SplitRolesResult {
  seed: number;
  seconds: number;
  kills: number;
  /** Kills by the name of the instance. */
  killsOf: Record<string, number>;
  rows: { sent: number; resent: number; lost: number; doubled: number };
  alerts: {
    accepted: number;
    /** Neither a page nor a message to the fallback. */
    lost: string[];
    /** Alerts with more than one incident at PagerDuty, and numbers that got more than one SMS for one alert. */
    doublePages: number;
    doubleSms: number;
    /** Messages to Slack that came twice under one key, which Slack cannot tell from one. */
    repeatedUnderOneKey: number;
  };
  checks: {
    made: number;
    /** Rows with an id that another row has. */
    doubled: number;
    /** Monitors that two instances checked for long. */
    checkedTwice: number;
    /** The longest time that a monitor was not checked, ms. */
    longestGap: number;
    /** When it began, seconds from the begin of the run. */
    longestGapAt: number;
    /** Workers that served within it, and for how long, ms. */
    livesIn: { instance: string; at: number; ms: number }[];
    /** The longest time that a monitor was not checked while one and the same worker served. */
    longestWait: Wait;
    /** Those times that are longer than a worker may need to take over. */
    leftAlone: Wait[];
  };
  jobs: {
    slots: number;
    /** Slots between the first and the last that nobody decided. */
    undecided: number;
    /** Slots with more than one run that went well. */
    doubled: number;
    /** Runs whose instance was killed, and that were begun again or given up. */
    interrupted: number;
  };
  wrong: string[];
}

/** A monitor was not checked for `ms`, `at` seconds from the begin of the run, while `instance` served. */
export interface Wait {
  instance: string;
  monitor: string;
  at: number;
  ms: number;
}

/** What a run takes in that can show a loss; it goes on for as long as that takes. */
export const LEAST: { rows: number; alerts: number };

export function runSplitRoles(options: {
  seed: number;
  /** How long instances are killed. */
  seconds: number;
  /** Roles by the name of the instance. */
  roles: Record<string, string>;
  /** Longest time until an instance is started again, ms; default 9,000. */
  awayMs?: number;
  print?: (line: string) => void;
}): Promise<SplitRolesResult>;

/** What is not as promised; empty when all is. */
export function brokenPromises(result: SplitRolesResult): string[];
