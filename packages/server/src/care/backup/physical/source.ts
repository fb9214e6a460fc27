import type { Lsn } from './lsn.ts';

/** Who a server is: two servers of one system identifier share their history up to a timeline's end. */
export interface SystemIdentity {
  systemId: string;
  timeline: number;
  /** The position up to which the server has flushed its log. */
  flushed: Lsn;
}

export interface BaseBackupOptions {
  label: string;
  /** Against a manifest that was uploaded before on the same connection; needs a server of 17 or later. */
  incremental?: boolean;
  /** Kilobytes a second that the server sends at most. */
  maxRate?: number | undefined;
}

/**
 * A base backup as it arrives: each archive begins with `archive`, the manifest with `manifest`; `data` follows, whose bytes
 * are valid until the next part is asked for.
 */
export type BaseBackupPart =
  | { kind: 'start'; lsn: Lsn; timeline: number }
  | { kind: 'tablespace'; oid: string; path: string }
  | { kind: 'archive'; name: string }
  | { kind: 'manifest' }
  | { kind: 'data'; bytes: Buffer }
  | { kind: 'end'; lsn: Lsn; timeline: number };

/** What a stream of the write-ahead log brings. */
export type WalMessage =
  /** Bytes of the log. @property sentAt the server's clock, milliseconds since the epoch */
  | { kind: 'wal'; start: Lsn; serverEnd: Lsn; sentAt: number; bytes: Buffer }
  /** Everything up to `serverEnd` has been sent. */
  | { kind: 'keepalive'; serverEnd: Lsn; sentAt: number; replyNow: boolean };

/** A stream of the write-ahead log of one timeline. */
export interface WalStream extends AsyncIterable<WalMessage> {
  /** Tells the server what is safe; it may then remove the log before `flushed`. */
  report(flushed: Lsn): void;
  /** After the iteration has ended: the timeline that follows, or undefined when the server closed the stream. */
  next(): { timeline: number; start: Lsn } | undefined;
  /** Ends the stream and its connection. */
  stop(): void;
}

export interface SlotState {
  /** The oldest position that the slot holds; null when the server has given it up. */
  restart: Lsn | null;
  /** `reserved`, `extended`, `unreserved` or `lost`. */
  status: string;
  active: boolean;
  /** Bytes of log that the server keeps for the slot. */
  retained: number;
}

/** What is compared before a restore, and kept with every base backup. */
export interface ServerFacts {
  /** Such as 180004. */
  versionNumber: number;
  version: string;
  /** `x86_64-pc-linux-gnu` and the like, from `version()`. */
  platform: string;
  segmentSize: number;
  blockSize: number;
  dataChecksums: boolean;
  summarizesWal: boolean;
  /** Megabytes; -1 without a limit. */
  maxSlotWalKeepSize: number;
  /** Of the databases whose size the role may know: about as many as a full base backup has. Missing in earlier ones. */
  bytes?: number;
  /** Tablespaces outside of the data directory. */
  tablespaces: { name: string; path: string }[];
  databases: { name: string; collation: string; provider: string; collationVersion: string | null }[];
  /** Of the database that the url names. */
  encoding: string;
  collation: string;
  collationVersion: string | null;
  extensions: { name: string; version: string; schema: string }[];
  /** The superuser that initdb made. */
  superuser: string;
  /** Settings that recovery must not be given less of, by name. */
  settings: Record<string, string>;
  /** The server's clock, milliseconds since the epoch. */
  now: number;
}

/** A Postgres server as the physical tier sees it: through the replication protocol, with a few plain queries. */
export interface ReplicationSource {
  identify(): Promise<SystemIdentity>;
  facts(): Promise<ServerFacts>;
  /** @returns the slot, or undefined when the server has none of this name */
  slot(name: string): Promise<SlotState | undefined>;
  /** Makes a physical slot that holds the log from this moment on. @returns the first position that is safe */
  createSlot(name: string): Promise<void>;
  dropSlot(name: string): Promise<void>;
  /** Makes the server write a restore point. @returns its position */
  restorePoint(name: string): Promise<Lsn>;
  /** The position up to which the log is flushed, and the server's clock before it was read. */
  position(): Promise<{ lsn: Lsn; at: number }>;
  timelineHistory(timeline: number): Promise<Buffer>;
  /** @param manifest of the parent, for an incremental backup */
  baseBackup(options: BaseBackupOptions, manifest?: AsyncIterable<Buffer>): AsyncIterable<BaseBackupPart>;
  streamWal(options: { slot: string; timeline: number; start: Lsn }): Promise<WalStream>;
  close(): Promise<void>;
}
