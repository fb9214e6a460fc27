import { judgeRoom } from '../monitor/disk-forecast.ts';
import { readDiskSpace } from '../monitor/disk-space.ts';
import type { Probe } from '../probe.ts';

/** Whether there is room on the disk. How fast it goes is known from watching. */
export const disk: Probe = {
  name: 'disk space',
  needsAllStatistics: true,
  primaryOnly: false,
  run: async (db, { thresholds, capacity }) => judgeRoom(await readDiskSpace(db, capacity), thresholds),
};
