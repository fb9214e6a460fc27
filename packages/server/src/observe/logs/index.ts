export { runQuery } from './sql/run-query.ts';
