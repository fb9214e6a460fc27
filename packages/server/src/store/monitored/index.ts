export { connectMonitored, type DatabaseConnection } from './connect.ts';
