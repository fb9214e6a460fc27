export { connectReplication } from './connect.ts';
