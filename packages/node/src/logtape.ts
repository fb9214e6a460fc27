export { type LogTapeRecord, type LogTapeSink, logTapeSink } from './bridges/logtape.ts';
