/** One thing looked at. */
export interface Diagnosis {
  name: string;
  status: 'ok' | 'warning' | 'problem';
  message: string;
  /** The next step; null when all is well. */
  hint: string | null;
}

export const ok = (name: string, message: string): Diagnosis => ({ name, status: 'ok', message, hint: null });
export const warning = (name: string, message: string, hint: string): Diagnosis => ({
  ...{ name, status: 'warning', message, hint },
});
export const problem = (name: string, message: string, hint: string): Diagnosis => ({
  ...{ name, status: 'problem', message, hint },
});
