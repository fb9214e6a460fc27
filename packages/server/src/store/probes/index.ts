export { postgresProbe } from './postgres.ts';
