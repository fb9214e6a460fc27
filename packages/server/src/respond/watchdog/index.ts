export { BEAT_CHANNEL, beatNotifier } from './beat.ts';
export type { WatchdogConfig } from './config.ts';
export type { WatchState } from './judge.ts';
export { Watchdog } from './watchdog.ts';
