import { withRequestLog } from '@yumops/node/next';

export const GET = withRequestLog(async () => {
  throw new Error('the handler failed');
});
