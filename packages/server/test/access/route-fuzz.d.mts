export interface FuzzedRoute {
  method: string;
  /** With `{name}` where a parameter is. */
  path: string;
  /** Names of its query parameters. */
  query?: string[];
}

export function fuzzRoutes(options: {
  url: string;
  routes: FuzzedRoute[];
  /** Texts that no answer may hold. */
  secrets: string[];
  /** Headers of those who ask, besides nobody. */
  logins: Record<string, string>[];
  requests: number;
  seed: number;
  print?: (line: string) => void;
}): Promise<{ statuses: Record<string, number>; failures: string[]; leaks: string[]; rounds: number }>;
