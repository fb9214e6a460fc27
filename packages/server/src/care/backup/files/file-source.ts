/** Something below a folder or in a bucket. */
export interface FileEntry {
  kind: 'file' | 'folder' | 'link';
  /** Relative to its source, with `/`. */
  path: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  modified: number;
  /** Permission bits; null in a bucket. */
  mode: number | null;
  /** Where a link leads. */
  target?: string;
}

/** A folder or bucket whose files are backed up. Implemented in `store/source`. */
export interface FileSource {
  /** As in the configuration. */
  name: string;
  /** Full path of the folder, or `s3://bucket/prefix`. */
  root: string;
  /** Everything in it, all folders deep and all pages long. @throws YumOpsError `files_unreadable` */
  list(): AsyncIterable<FileEntry>;
  /** The bytes of a file, each piece good until the next is asked for; undefined when it is gone. */
  read(path: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  close(): void;
}

/** A line of the list of files in a backup. */
export interface FileRecord extends FileEntry {
  source: string;
  /** Hex; of files alone. */
  sha256?: string;
  /** Ids of its chunks, in order. */
  chunks?: string[];
}
