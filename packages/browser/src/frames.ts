import { cleanUrl } from './identity.ts';
import type { Watch } from './options.ts';

/** Frames that took shorter are not told, milliseconds: an answer within 200 counts as a good one. */
const LEAST_MS = 200;
const MOST_PER_VIEW = 20;

interface Script {
  duration: number;
  sourceURL: string;
  sourceFunctionName: string;
}

interface Frame extends PerformanceEntry {
  blockingDuration: number;
  scripts: Script[];
}

/** Reports frames that kept people waiting and the script that took longest in them, where the browser knows them. */
export function watchFrames(watch: Watch): void {
  let left = MOST_PER_VIEW;
  const observer = new PerformanceObserver((list) => {
    for (const { duration, blockingDuration, scripts } of list.getEntries() as Frame[]) {
      if (duration < LEAST_MS) continue;
      if (left-- <= 0) {
        watch.drop();
        continue;
      }
      const script = scripts.reduce<Script | undefined>((a, b) => (a && a.duration >= b.duration ? a : b), undefined);
      watch.add({
        kind: 'long_animation_frame',
        name: script?.sourceURL ? cleanUrl(script.sourceURL) : '',
        function: script?.sourceFunctionName,
        duration,
        blockingDuration,
      });
    }
  });
  observer.observe({ type: 'long-animation-frame', buffered: true });
  watch.onStop(() => observer.disconnect());
}
