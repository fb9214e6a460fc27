import 'server-only';

/** A service of another company did not do what it was asked. */
export class PartnerError extends Error {
  /** @param partner who failed @param what what was asked for @param cause status or transport error */
  constructor(partner: string, what: string, cause: unknown) {
    super(`${partner}: ${what} failed${typeof cause === 'number' ? ` with ${cause}` : ''}`, { cause });
    this.name = 'PartnerError';
  }
}

interface Call {
  partner: string;
  /** For the error's message. */
  what: string;
  url: string;
  key: string;
  body?: unknown;
}

/**
 * Calls a partner with its key in a header and returns the JSON of the answer.
 * @throws PartnerError when it cannot be reached within 5 s or answers other than 2xx
 */
export async function callPartner<Answer>({ partner, what, url, key, body }: Call): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(5_000),
      cache: 'no-store',
    });
  } catch (error) {
    throw new PartnerError(partner, what, error);
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new PartnerError(partner, what, response.status);
  }
  return (await response.json()) as Answer;
}
