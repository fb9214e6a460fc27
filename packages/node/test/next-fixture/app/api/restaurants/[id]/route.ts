import { addContext, logger } from '@yumops/node';
import { clientAddress, withRequestLog } from '@yumops/node/next';

export const GET = withRequestLog(async (request: Request) => {
  addContext({ userId: 'user-7' });
  logger.info('inside a handler');
  return Response.json({ client: clientAddress() ?? null, peer: request.headers.get('x-yumops-peer') });
});
