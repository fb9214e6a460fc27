import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DeliveryResult, Notifier } from '../../src/respond/notify/index.ts';
import { messageAlert, outgoing } from './outgoing.ts';
import type { StrictVendor, VendorAnswer } from './strict-vendor.ts';

export interface ContractOptions {
  start(): Promise<StrictVendor>;
  notifier(vendor: StrictVendor): Notifier;
  /** The same with credentials that the vendor does not know (any more). */
  revoked(vendor: StrictVendor): Notifier;
  target: string;
  /** How the vendor asks to wait for 30 s. */
  limited: VendorAnswer;
  /** How it refuses for good, and a part of the reason that is shown. */
  refusal: { answer: VendorAnswer; said: string };
  /** What is shown when the credentials are wrong. */
  revokedSaid: string;
  /** A text that every request carries, so that the receiver can tell a duplicate. */
  carries: string;
}

const never = new AbortController().signal;

/** The fields of a form as text; addresses in them are decoded too. */
function formText(body = ''): string {
  return decodeURIComponent([...new URLSearchParams(body).values()].join(' ').replaceAll('%', '%25'));
}

/** What holds for every vendor. Returns the running vendor for tests of its own. */
export function notifierContract(options: ContractOptions): { vendor(): StrictVendor } {
  let vendor: StrictVendor;
  const send = (message = outgoing({ target: options.target }), signal = never): Promise<DeliveryResult> =>
    options.notifier(vendor).send(message, signal);

  beforeAll(async () => {
    vendor = await options.start();
  });
  afterAll(() => vendor.stop());
  beforeEach(() => {
    vendor.force = null;
    vendor.requests.length = 0;
    vendor.accepted.length = 0;
  });

  describe('every vendor', () => {
    test.each(['firing', 'update', 'repeat', 'acknowledged', 'resolved'] as const)(
      'takes a %s message',
      async (kind) => {
        const over = { status: 'resolved', endedAt: Date.UTC(2026, 0, 5, 10, 20) } as const;
        const alerts = [messageAlert(kind === 'resolved' ? over : {})];
        const result = await send(outgoing({ target: options.target }, { kind, alerts }));
        expect(result).toMatchObject({ outcome: 'sent' });
      },
    );

    test.each(['meta', 'test'] as const)('takes a %s message about no alert', async (kind) => {
      const body = { kind, severity: 'info', rule: '', title: 'YumOps test: nothing is wrong', alerts: [] } as const;
      expect(await send(outgoing({ target: options.target }, body))).toMatchObject({ outcome: 'sent' });
    });

    test('carries the key, the same on the second attempt', async () => {
      await send();
      const first = vendor.accepted[0];
      expect(first?.body.startsWith('{') ? first.body : formText(first?.body)).toContain(options.carries);
      await send(outgoing({ target: options.target, attempt: 2, uncertainSince: null }));
      expect(vendor.accepted[1]?.body).toBe(first?.body);
    });

    test('takes hostile and oversized content', async () => {
      const alerts = Array.from({ length: 60 }, (_, index) =>
        messageAlert({
          id: `00000000000000${index % 10}${index % 7}-${index}`,
          summary: `<script>&|[*_\`"'\\ 🍕${'🍕'.repeat(3_000)}`,
          sentence: `\u0007${'s'.repeat(9_000)}`,
          labels: { service: 'x'.repeat(2_000), b: '' },
          annotations: Object.fromEntries(Array.from({ length: 40 }, (_n, at) => [`note${at}`, '<b>é'.repeat(900)])),
        }),
      );
      const message = outgoing({ target: options.target }, { title: `T${'<é🍕>'.repeat(900)}`, alerts });
      expect(await send(message)).toMatchObject({ outcome: 'sent' });
    });

    test('waits as long as it is told after 429', async () => {
      vendor.force = options.limited;
      const result = await send();
      expect(result).toMatchObject({ outcome: 'retry', maybeDelivered: false, retryAfterMs: 30_000 });
    });

    test('tries again after 503', async () => {
      vendor.force = { status: 503 };
      expect(await send()).toMatchObject({ outcome: 'retry', maybeDelivered: false });
    });

    test('gives up when it is refused, and says why', async () => {
      vendor.force = options.refusal.answer;
      const result = await send();
      expect(result).toMatchObject({ outcome: 'refused', reason: expect.stringContaining(options.refusal.said) });
    });

    test('gives up when its credentials were revoked, and never shows them', async () => {
      const result = await options.revoked(vendor).send(outgoing({ target: options.target }), never);
      expect(result).toMatchObject({ outcome: 'refused', reason: expect.stringContaining(options.revokedSaid) });
      expect(JSON.stringify(result)).not.toContain('revoked-secret');
    });

    test('may have arrived when no answer comes', async () => {
      vendor.force = { status: 0, hang: true };
      const abort = new AbortController();
      const sending = send(outgoing({ target: options.target }), abort.signal);
      await expect.poll(() => vendor.requests.length).toBe(1);
      abort.abort(new Error('no answer within 10 s'));
      expect(await sending).toEqual({ outcome: 'retry', reason: 'no answer within 10 s', maybeDelivered: true });
    });

    test('does not follow a redirect', async () => {
      vendor.force = { status: 302, headers: { location: `${vendor.base}/elsewhere` } };
      expect(await send()).toMatchObject({ outcome: 'refused' });
      expect(vendor.requests).toHaveLength(1);
    });
  });
  return { vendor: () => vendor };
}
