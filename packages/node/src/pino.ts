export { default, pinoDestination, pinoMixin } from './bridges/pino.ts';
