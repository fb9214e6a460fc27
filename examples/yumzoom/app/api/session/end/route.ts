import { closeSession } from '@/lib/accounts/session';
import { api } from '@/lib/http/api';
import { seeOther } from '@/lib/http/wants-page';

export const POST = api(async () => {
  await closeSession();
  return seeOther('/');
});
