import { z } from 'zod';
import { type Report, within } from '../lib/finding.ts';
import type { Secret, SecretReader } from '../lib/secret.ts';

const provider = z.strictObject({
  name: z.string().min(1).max(60).describe('What the button says, such as Company'),
  issuer: z.url({ protocol: /^https?$/ }).describe('Address whose /.well-known/openid-configuration describes it'),
  client_id: z.string().min(1).max(300),
  client_secret: z.string().min(1).describe('By an environment variable, or file:PATH'),
  domains: z.array(z.string().min(3).max(200)).min(1).describe('Only addresses of these domains get an account'),
  role: z.enum(['viewer', 'responder', 'admin']).default('viewer').describe('What a new account may do'),
});

/** `sign_in:` as written. */
export const signInShape = z.strictObject({
  breached_passwords: z
    .boolean()
    .optional()
    .describe('Whether new passwords are looked up in the list of breached ones, by the first five digits of a hash'),
  oidc: z.array(provider).max(10).optional().describe('Providers of OpenID Connect; a change needs a restart'),
});

/** Someone else's accounts that sign people in. */
export interface OidcProvider {
  /** Part of the address that the provider sends people back to: `/api/auth/callback/ID`. */
  id: string;
  name: string;
  issuer: string;
  clientId: string;
  clientSecret: Secret;
  /** In lower case. */
  domains: readonly string[];
  role: 'viewer' | 'responder' | 'admin';
}

export interface SignInConfig {
  breachedPasswords: boolean;
  providers: readonly OidcProvider[];
}

/** Compiles `sign_in:`. A provider whose secret is broken is left out, and was reported. */
export function compileSignIn(
  raw: z.infer<typeof signInShape>,
  report: Report,
  secretAt: (report: Report) => SecretReader,
): SignInConfig {
  const providers = (raw.oidc ?? []).flatMap((written, index): OidcProvider[] => {
    const { secret, broken } = secretAt(within(within(report, 'oidc'), index))(written.client_secret, [
      'client_secret',
    ]);
    if (broken !== null) return [];
    return [
      {
        id: written.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
        ...{ name: written.name, issuer: written.issuer.replace(/\/$/, ''), clientId: written.client_id },
        ...{
          clientSecret: secret,
          role: written.role ?? 'viewer',
          domains: written.domains.map((domain) => domain.toLowerCase()),
        },
      },
    ];
  });
  return { breachedPasswords: raw.breached_passwords ?? true, providers };
}
