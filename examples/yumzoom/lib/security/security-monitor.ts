/** Sign-ins that fail are counted here, in YumOps, and in Redis where `YUMOPS_REDIS_URL` is set. */
export { SecurityMonitor } from '@yumops/node';
