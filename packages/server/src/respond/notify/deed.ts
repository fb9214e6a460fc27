/** What somebody did to an alert at a vendor that has a state of its own. */
export interface Deed {
  action: 'acknowledge' | 'resolve';
  alertId: string;
  /** Name of the person there. */
  by: string;
}

/** Undefined where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
