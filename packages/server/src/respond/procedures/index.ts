export { createProcedures, type Procedures } from './procedures.ts';
