'use server';

import { logger } from '@yumops/node';
import { withActionLog } from '@yumops/node/next';

export const rate = withActionLog('rate', async (form: FormData) => {
  logger.info('inside an action', { stars: Number(form.get('stars')) });
});
