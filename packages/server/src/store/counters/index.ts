export { RedisAttempts } from './redis.ts';
