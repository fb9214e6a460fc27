import { eventually } from './live-example.mjs';

const HOUR = 3_600_000;
const PASSWORD = 'yumzoom-guest';
/** Guests of the example who have this password. */
const DEMO_GUESTS = 40;

/** Runs tasks, a few at a time: each costs the site a password hash. */
async function inTurns(count, width, task) {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await task(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
}

/** How many of `events` there were when `detection` was made. */
async function countUntil({ firstAt }, read, count) {
  const events = await eventually('the events of the attack', async () => {
    const found = await read();
    return found.some(({ timestamp }) => timestamp >= firstAt) ? found : undefined;
  });
  return count(events.filter(({ timestamp }) => timestamp <= firstAt));
}

const distinct = (events, name) => new Set(events.map((event) => event[name])).size;

/** Guests who can sign in: the example's own, and as many new ones as are wanted beyond them. */
async function guestsOf(live, count) {
  const guests = Array.from({ length: count }, (_, index) => `guest${index + 1}@yumzoom.example`);
  await inTurns(Math.max(0, count - DEMO_GUESTS), 6, async (index) => {
    const email = `regular${index}@example.com`;
    guests[DEMO_GUESTS + index] = email;
    await live.join('198.51.100.5', email, PASSWORD);
  });
  return guests;
}

/** Honest guests behind one address: some slip once or twice, then all sign in. */
export async function sharedAddress(live, count) {
  const address = '198.51.100.7';
  const guests = await guestsOf(live, count);
  let lockedOut = 0;
  await inTurns(count, 6, async (index) => {
    const guest = guests[index];
    for (let slip = 0; slip < index % 3; slip += 1) await live.signIn(address, guest, 'a slip');
    const answer = await live.signIn(address, guest, PASSWORD);
    if (answer.status !== 200) lockedOut += 1;
  });
  const found = await live.detections();
  return { lockedOut, detections: found.filter(({ code }) => code !== 'failure_ratio').length };
}

/** One address tries one password on many accounts that exist. */
export async function spraying(live, accounts) {
  const address = '203.0.113.77';
  const statuses = [];
  for (let account = 0; account < accounts; account += 1) {
    statuses.push((await live.signIn(address, 1_001 + account, 'Summer2026!')).status);
  }
  const detection = await live.detected(
    'spraying',
    ({ code, keys }) => code === 'password_spraying' && keys.ip === address,
  );
  return {
    refusedAfter: statuses.indexOf(429),
    refused: statuses.filter((status) => status === 429).length,
    threshold: detection.evidence.threshold,
    detectedAfter: await countUntil(
      detection,
      () => live.failures(`&ip=${address}`),
      (events) => distinct(events, 'account'),
    ),
    honest: (await live.signIn('198.51.100.77', 35, PASSWORD)).status,
    page: await live.open('/', address),
  };
}

/** Leaked passwords are tried, each from an address of its own. */
export async function stuffing(live, addresses) {
  await inTurns(addresses, 5, (bot) =>
    live.signIn(`10.${bot >> 8}.${bot % 256}.9`, `leaked${bot}@example.com`, 'letmein'),
  );
  const detection = await live.detected('stuffing', ({ code }) => code === 'credential_stuffing');
  const { items: blocks } = await live.call('GET', '/api/v1/security/blocks');
  const { items: challenges } = await live.call('GET', '/api/v1/security/challenges');
  return {
    threshold: detection.evidence.threshold,
    detectedAfter: await countUntil(
      detection,
      () => live.failures(),
      // The address of honest guests counts for nothing: they got in there.
      (events) =>
        distinct(
          events.filter(({ ip }) => !ip.startsWith('198.51.100.')),
          'ip',
        ),
    ),
    blocked: blocks.filter(({ value }) => value.startsWith('10.')).length,
    challenged: challenges.map(({ kind }) => kind),
    honest: (await live.signIn('198.51.100.20', 33, PASSWORD)).status,
  };
}

/** One guess an hour for most of a day. The past is told by events with their own times; the present is a guess at the site. */
export async function slowGuessing(live) {
  const [address, guest] = ['203.0.113.44', 34];
  // What stands for the account, as the site's SDK hashes it.
  await live.signIn('198.51.100.34', guest, 'a slip');
  const [slip] = await eventually('the slip', async () => {
    const found = await live.failures('&ip=198.51.100.34');
    return found.length > 0 ? found : undefined;
  });
  const now = Date.now();
  await live.send(
    Array.from({ length: 18 }, (_, index) => ({
      ...{ timestamp: now - (19 - index) * HOUR, type: 'security', event: 'failed_authentication', severity: 'medium' },
      ...{ service: 'yumzoom', ip: address, account: slip.account, reason: 'bad_password' },
    })),
  );
  const statuses = [];
  for (let guess = 0; guess < 2; guess += 1) {
    statuses.push((await live.signIn(address, guest, `guess ${guess}`)).status);
  }
  const detection = await live.detected(
    'slow guessing',
    ({ code, keys }) => code === 'brute_force' && keys.ip === address,
  );
  await eventually('the refusal', async () =>
    (await live.signIn(address, guest, PASSWORD)).status === 429 ? true : undefined,
  );
  return {
    statuses,
    threshold: detection.evidence.threshold,
    detectedAfter: await countUntil(
      detection,
      () => live.failures(`&ip=${address}`),
      (events) => events.length,
    ),
    honest: (await live.signIn('198.51.100.34', guest, PASSWORD)).status,
  };
}

/** One address guesses at one account; with `spoof` it writes another `x-forwarded-for` each time. */
export async function guessing(live, { address, guest, spoof = false }) {
  const statuses = [];
  for (let guess = 1; guess <= 6; guess += 1) {
    // The sixth has the right password.
    const password = guess === 6 ? PASSWORD : `guess ${guess}`;
    const answer = await live.signIn(address, guest, password, spoof ? `10.0.0.${guess}` : '');
    statuses.push(answer.status);
  }
  const detection = await live.detected(
    'brute force',
    ({ code, keys }) => code === 'brute_force' && keys.ip === address,
  );
  return {
    ...{ statuses, detection, threshold: detection.evidence.threshold },
    detectedAfter: await countUntil(
      detection,
      () => live.failures(`&ip=${address}`),
      (events) => events.length,
    ),
    honest: (await live.signIn('198.51.100.8', guest, PASSWORD)).status,
  };
}
