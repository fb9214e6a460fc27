import { Logger } from '../logging/logger.ts';
import type { JsonRecord } from './recording-server.ts';

/** A logger whose records stay in memory. Used by tests only. */
export function capturingLogger(): { logger: Logger; records: JsonRecord[] } {
  const records: JsonRecord[] = [];
  const sink = {
    write: (_level: number, line: string) => void records.push(JSON.parse(line) as JsonRecord),
    flush: async () => true,
    close: async () => true,
  };
  return { logger: new Logger({ service: 'test', environment: 'test', level: 'trace', sinks: [sink] }), records };
}
