import { join } from 'node:path';
import type { ErrorEventDetail, ErrorIssue, ErrorIssueDetail, Losses, ReleaseItem } from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import type { Db, Queryable } from '../../lib/db.ts';
import type { Log } from '../../lib/log.ts';
import type { Reach } from '../../lib/reach.ts';
import type { SharedFiles } from '../../lib/shared-files.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import type { ErrorsConfig } from './config.ts';
import { type AuditEntry, changeIssue, type IssueChange } from './issues/change-issue.ts';
import type { EventSummary } from './issues/get-event.ts';
import type { IssueFilter } from './issues/list-issues.ts';
import { mergeIssues, splitIssue } from './issues/move-groups.ts';
import { IssueTracker } from './issues/tracker.ts';
import { errorsWithin, readsOf } from './reads.ts';
import { addDeploy, keepRelease, type NewDeploy, type NewRelease, type StoredRelease } from './releases/releases.ts';
import { type Assembly, type Bundle, ChunkUpload } from './sourcemaps/chunk-upload.ts';
import { MapSharing } from './sourcemaps/share-maps.ts';
import { type NewSourceMap, storeSourceMap } from './sourcemaps/store-map.ts';

export interface ErrorsOptions {
  db: Db;
  telemetry: Pick<TelemetryStore, 'query' | 'insert' | 'within'>;
  clock: Clock;
  log: Log;
  audit(tx: Queryable, entry: AuditEntry): Promise<void>;
  config(): ErrorsConfig;
  /** Folder of attachments and source maps, as the intake has it. */
  files: string;
  /** Files that all instances share; default each keeps its own. */
  shared?: SharedFiles | undefined;
  /** Error events stored since the start. */
  stored?(): number;
}

/** Errors as pages, the API and uploads see them. */
export interface Errors {
  list(filter: IssueFilter): Promise<{ items: ErrorIssue[]; nextCursor: string | null }>;
  /** @throws error_not_found (404) */
  get(id: string, range: { from: number; to: number }): Promise<ErrorIssueDetail>;
  events(
    id: string,
    page: { limit: number; before?: { at: number; id: string } | undefined },
  ): Promise<{ items: EventSummary[]; next: { at: number; id: string } | null }>;
  /** @throws event_not_found (404) */
  event(eventId: string): Promise<ErrorEventDetail>;
  /** @throws error_not_found (404), release_needed, invalid_ignore (400) */
  change(id: string, change: IssueChange, actor: string): Promise<void>;
  /** @throws error_not_found (404), invalid_merge (400) */
  merge(into: string, others: readonly string[], actor: string): Promise<void>;
  /** @throws error_not_found (404), invalid_split (400) */
  split(id: string, hashes: readonly string[], actor: string): Promise<void>;
  releases(filter: { limit: number }): Promise<ReleaseItem[]>;
  /** What was not taken, or could not be sent, in a stretch of time. */
  losses(range: { from: number; to: number }): Promise<Losses>;
  /** Whether an event brought this file. */
  hasAttachment(id: string): Promise<boolean>;
  /** The same for somebody who reaches some projects only: what is of others is unknown. */
  within(reach: Reach): Errors;
  keepRelease(release: NewRelease, actor: string): Promise<StoredRelease>;
  addDeploy(deploy: NewDeploy, actor: string): Promise<{ id: string; at: number }>;
  storeSourceMap(map: NewSourceMap): Promise<void>;
  keepChunk(checksum: string, content: Uint8Array): Promise<void>;
  assemble(bundle: Bundle): Promise<Assembly>;
  /** Takes over what was stored since the last look; the tracker does it by itself. */
  lookOnce(): Promise<void>;
  /** Brings source maps to the other instances and theirs here. @returns how many were moved */
  move(signal: AbortSignal): Promise<number>;
  /** Begins to follow the stored events. */
  start(): void;
  stop(): Promise<void>;
}

/** Makes the part of the platform that knows errors. */
export function createErrors(options: ErrorsOptions): Errors {
  const { db, telemetry, clock, log, audit } = options;
  const { shared = null } = options;
  const folder = join(options.files, 'source-maps');
  const chunks = new ChunkUpload(folder, shared);
  const sharing = shared && new MapSharing(db, folder, shared);
  const tracker = new IssueTracker({
    db,
    telemetry,
    clock,
    log: log.child('errors'),
    ...(options.stored ? { stored: options.stored } : {}),
  });
  const writing = (actor: string) => ({ db, telemetry, audit, now: clock.now(), actor });
  const whole: Errors = {
    ...readsOf(options, null),
    change: async (id, change, actor) => {
      await changeIssue(writing(actor), id, change);
    },
    merge: (into, others, actor) => mergeIssues(writing(actor), into, others),
    split: (id, hashes, actor) => splitIssue(writing(actor), id, hashes),
    keepRelease: (release, actor) => keepRelease(writing(actor), release),
    addDeploy: (deploy, actor) => addDeploy(writing(actor), deploy),
    storeSourceMap: (map) => storeSourceMap({ db, folder, shared, now: clock.now() }, map),
    keepChunk: (checksum, content) => chunks.keep(checksum, content),
    assemble: (bundle) => chunks.assemble(bundle, { db, now: clock.now() }),
    lookOnce: () => tracker.lookOnce(),
    move: async (signal) => sharing?.move(signal) ?? 0,
    start: () => tracker.start(),
    stop: () => tracker.stop(),
    within: (reach) => (reach === null ? whole : errorsWithin(whole, options, reach)),
  };
  return whole;
}
