import type { MonitorState } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import { audit } from '../../src/access/audit.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { statusPageRoutes } from '../../src/http/status-page.ts';
import type { BlobStore } from '../../src/lib/blob.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { Db } from '../../src/lib/db.ts';
import { createLog } from '../../src/lib/log.ts';
import type { Mail } from '../../src/respond/notify/index.ts';
import {
  createStatusPage,
  type MonitorDay,
  type StatusPage,
  type StatusPageConfig,
  subscriberLinks,
} from '../../src/respond/statuspage/index.ts';
import { START } from '../support/alert-rig.ts';

export const CONFIG: StatusPageConfig = {
  title: 'YumZoom status',
  url: null,
  timeZone: 'UTC',
  components: [
    {
      id: 'website',
      name: 'Website',
      group: 'YumZoom',
      description: 'Pages & menus',
      monitors: ['edge-homepage-probe'],
    },
    { id: 'orders', name: 'Orders', group: 'YumZoom', description: '', monitors: ['orders-db-check', 'orders-queue'] },
  ],
  snapshot: null,
  privateWords: ['Falcon'],
  allowPrivate: false,
};

export interface StatusRig {
  clock: FakeClock;
  page: StatusPage;
  app: FastifyInstance;
  config: StatusPageConfig;
  states: { name: string; state: MonitorState }[];
  days: MonitorDay[] | Error;
  mails: Mail[];
  /** Refuses the next mails, so many. */
  failing: number;
  by: { actor: string; now: number };
  get(path: string): Promise<{ status: number; body: string }>;
  post(path: string, form: Record<string, string>): Promise<{ status: number; body: string }>;
}

/** The status page on a real Postgres, with its public routes; mails end in a list. */
export async function statusRig(db: Db, snapshot?: BlobStore): Promise<StatusRig> {
  const clock = new FakeClock(START);
  const log = createLog(clock, () => undefined);
  const app = await createHttpServer({ log, version: '0' });
  const rig: StatusRig = {
    ...{ clock, app, config: { ...CONFIG }, mails: [], days: [], failing: 0, page: undefined as never },
    states: ['edge-homepage-probe', 'orders-db-check', 'orders-queue'].map((name) => ({ name, state: 'up' })),
    get by() {
      return { actor: 'ada', now: clock.now() };
    },
    async get(path) {
      const { statusCode: status, body } = await app.inject({ url: path });
      return { status, body };
    },
    async post(path, form) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const payload = new URLSearchParams(form).toString();
      const { statusCode: status, body } = await app.inject({ method: 'POST', url: path, headers, payload });
      return { status, body };
    },
  };
  rig.page = createStatusPage({
    ...{ db, audit, clock, log },
    config: () => rig.config,
    url: () => 'https://status.yumzoom.app/status',
    insideNames: () => ['edge-homepage-probe', 'orders-db-check', 'orders-queue', 'High Error Rate'],
    links: subscriberLinks('a secret of the test'),
    openSnapshot: async () => snapshot as BlobStore,
    mail: () => async (mail) => {
      if (rig.failing > 0) {
        rig.failing--;
        return { outcome: 'retry', reason: 'try later', maybeDelivered: false };
      }
      rig.mails.push(mail);
      return { outcome: 'sent', detail: 'taken' };
    },
    measured: {
      states: async () => rig.states,
      days: async () => {
        if (rig.days instanceof Error) throw rig.days;
        return rig.days;
      },
    },
  });
  statusPageRoutes(app, { page: rig.page });
  return rig;
}
