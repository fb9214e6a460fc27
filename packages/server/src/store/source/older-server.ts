import type { BackupDatabase } from '../../care/backup/index.ts';

/** From this version on `pg_restore` sets a parameter that servers before it refuse. */
const KNOWS_THE_SETTING = 17;
const SETTING = '\nSET transaction_timeout = 0;\n';
/** Bytes in which the settings of a script stand: before the first object. */
const HEAD = 16_384;

/** Whether `pg_restore` of this major version cannot work with a server itself, because that is older. */
export async function isTooOldFor(major: number, database: BackupDatabase): Promise<boolean> {
  if (major < KNOWS_THE_SETTING) return false;
  const connection = await database.connect();
  try {
    const [row] = await connection.query<{ number: string }>("SELECT current_setting('server_version_num') AS number");
    return Math.floor(Number(row?.number) / 10_000) < KNOWS_THE_SETTING;
  } finally {
    await connection.close();
  }
}

/** A script of `pg_restore` as it comes, without the setting that an older server does not know. */
export async function* withoutSetting(script: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const piece of script) {
    if (head === undefined) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    if (head.length < HEAD) continue;
    yield withoutLine(head);
    head = undefined;
  }
  if (head !== undefined) yield withoutLine(head);
}

function withoutLine(head: Buffer): Buffer {
  const at = head.indexOf(SETTING);
  return at < 0 || at > HEAD ? head : Buffer.concat([head.subarray(0, at), head.subarray(at + SETTING.length - 1)]);
}
