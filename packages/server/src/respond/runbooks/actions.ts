/** Where an action was asked for. */
export interface ActionContext {
  /** Id of the incident; null = in a procedure. */
  incident: string | null;
  actor: string;
  /** Ms since the epoch. */
  now: number;
}

/** Something that does no harm: it reads, or it can be taken back. */
export interface SafeAction {
  /** What it does, in one sentence. */
  about: string;
  /**
   * @param parameters as written in the runbook
   * @returns what came of it, plain text for the record
   */
  run(parameters: Readonly<Record<string, string>>, context: ActionContext): Promise<string>;
}

/** The actions that there are, by the name that runbooks use. Nothing else can be done from a runbook. */
export type SafeActions = ReadonlyMap<string, SafeAction>;
