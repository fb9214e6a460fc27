import { z } from 'zod';
import { phoneProblem } from '../../../lib/contact.ts';
import type { Secret } from '../../../lib/secret.ts';
import { baseShape, readBase, type Section } from '../section.ts';

/** An account of Twilio, for SMS and calls. */
export interface TwilioIntegration {
  accountSid: Secret;
  /** Signs in, and verifies what Twilio sends to us. */
  authToken: Secret;
  /** Our number in E.164. */
  from: string;
  /** Base of the API. */
  base: string;
  broken: string | null;
}

export const twilioShape = z
  .strictObject({
    account_sid: z.string().optional().describe('Account SID (AC…); use an environment reference or file:PATH'),
    auth_token: z.string().optional().describe('Auth token; use an environment reference or file:PATH'),
    from: z.string().optional().describe('The number that sends and calls, with country code, in quotes'),
    url: baseShape,
  })
  .refine(
    ({ account_sid, auth_token, from }) =>
      new Set([account_sid, auth_token, from].map((one) => one === undefined)).size === 1,
    'expected account_sid, auth_token and from together',
  );

/** Compiles `integrations.twilio`. An empty map means that it is not set up. */
export function compileTwilio(raw: z.infer<typeof twilioShape>, section: Section): TwilioIntegration | null {
  const { account_sid: account, auth_token: auth, from } = raw;
  if (account === undefined || auth === undefined || from === undefined) return null;
  const sid = section.secret(account, ['account_sid']);
  const token = section.secret(auth, ['auth_token']);
  const { base, broken } = readBase(raw.url, ['url'], section, 'https://api.twilio.com');
  const problem = phoneProblem(from) ?? null;
  if (problem !== null) {
    const suggestion = 'write for example "+442071838750"';
    section.report({ code: 'E206', path: ['from'], message: problem, suggestion });
  }
  return {
    accountSid: sid.secret,
    authToken: token.secret,
    from,
    base,
    broken: sid.broken ?? token.broken ?? broken ?? problem,
  };
}
