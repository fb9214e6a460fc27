export { freePort } from '../../dist/engines/free-port.js';
