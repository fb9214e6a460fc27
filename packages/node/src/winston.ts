export { WinstonTransport, type WinstonTransportOptions } from './bridges/winston.ts';
