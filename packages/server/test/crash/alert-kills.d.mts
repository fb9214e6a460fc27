export interface AlertKillsResult {
  kills: number;
  /** Alerts that were answered with 200. */
  accepted: number;
  /** Messages that were being sent at a kill. */
  interrupted: number;
  /** Receivers that were never told of an accepted alert, nor was the fallback. */
  lost: string[];
  /** Numbers of alerts whose phone rang, or got an SMS, more than once. */
  doubled: number[];
  /** Messages that had not left at the end of the wait. */
  stillOut: number;
  /** Receivers that were not told of an accepted alert while the fallback was. */
  fallbacks: number;
  doubleSms: number;
  doubleCalls: number;
  /** Alerts with more than one incident at PagerDuty. */
  doublePages: number;
  /** How often one key reached Slack and the webhook. */
  mostSlackOfOneKey: number;
  mostWebhookOfOneKey: number;
  /** Keys that arrived twice. */
  duplicates: number;
  /** Alerts whose first message came under more than one key. */
  unmarkedDuplicates: number;
  /** Messages that were given up, and told to the fallback. */
  failed: number;
  wrong: string[];
}

export function runAlertKills(options: {
  kills: number;
  seed: number;
  print?: (line: string) => void;
  /** Longest wait for all messages to leave, ms. */
  settleMs?: number;
  /** Least time between two mails to the fallback, ms; default as in production. */
  mailEveryMs?: number;
}): Promise<AlertKillsResult>;

/** Whether the promises held. */
export function keptPromises(result: AlertKillsResult): boolean;
