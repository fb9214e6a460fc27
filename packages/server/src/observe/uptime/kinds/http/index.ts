import type { MonitorKind } from '../kind.ts';
import { describeExpectations } from './expect.ts';
import { runHttpCheck } from './run.ts';

/** A web address, over HTTP or HTTPS. */
export const httpKind: MonitorKind<'http'> = { run: runHttpCheck, describe: describeExpectations };
