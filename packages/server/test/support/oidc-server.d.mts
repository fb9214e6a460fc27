export interface OidcServer {
  issuer: string;
  /** Walks through the pages as `person` would. @returns where the provider sends the browser back to */
  signIn(person: string, address: string): Promise<string>;
  stop(): Promise<void>;
}

export function startOidcServer(options: {
  clientId: string;
  clientSecret: string;
  redirectUri: string;
  people: Record<string, { email: string; email_verified: boolean }>;
}): Promise<OidcServer>;
