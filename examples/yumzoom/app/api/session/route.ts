import { signIn } from '@/lib/accounts/sign-in';
import { api } from '@/lib/http/api';
import { readFields, textField } from '@/lib/http/fields';
import { localPath } from '@/lib/http/local-path';
import { seeOther, wantsPage } from '@/lib/http/wants-page';

export const POST = api(async (request) => {
  const fields = await readFields(request);
  await signIn(textField(fields, 'email', 254, 3), textField(fields, 'password', 200));
  if (wantsPage(request)) return seeOther(localPath(fields.next, '/dashboard'));
  return Response.json({ signedIn: true });
});
