export { type ConsolaRecord, consolaReporter } from './bridges/consola.ts';
