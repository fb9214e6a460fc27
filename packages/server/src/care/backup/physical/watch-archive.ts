import { PiecesWriter } from './page-pieces.ts';
import type { PageWatch } from './page-watch.ts';
import type { FileSums } from './server-manifest.ts';
import { TarReader } from './tar.ts';
import { VolumeCutter } from './volume-cutter.ts';
import { CUT } from './volumes.ts';

/** What looks at the pages of a backup, and whether only their pieces that changed are stored. */
export interface WatchedPages {
  pages: PageWatch;
  inPieces: boolean;
}

interface Watch extends Partial<WatchedPages> {
  sums: FileSums;
  progress: (bytes: number) => void;
  volumeBytes: number;
}

/** The files as they are to be stored, and where volumes begin; all are summed on the way. */
export async function* watchArchive(
  source: AsyncIterable<Buffer>,
  { sums, progress, pages, inPieces, volumeBytes }: Watch,
): AsyncGenerator<Buffer | typeof CUT> {
  const tar = new TarReader();
  const pieces = inPieces ? new PiecesWriter() : undefined;
  const cutter = new VolumeCutter(volumeBytes);
  let bytes = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const read = chunk.subarray(at, at + Math.min(tar.pending, cutter.room));
      for (const event of tar.read(read)) {
        sums.see(event);
        pages?.see(event, pieces);
      }
      at += read.length;
      const stored = pieces?.drain() ?? read;
      yield stored;
      if (cutter.passed(read.length, stored.length, tar.isBetween)) yield CUT;
    }
    bytes += chunk.length;
    progress(bytes);
  }
  tar.finish();
  pieces?.end();
  if (pieces) yield pieces.drain();
}
