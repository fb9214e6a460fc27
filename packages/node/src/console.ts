export { type CaptureConsoleOptions, captureConsole } from './bridges/console.ts';
