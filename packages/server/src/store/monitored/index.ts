export { connectMonitored, type DatabaseConnection } from './connect.ts';
export { connectMaintained } from './maintain.ts';
