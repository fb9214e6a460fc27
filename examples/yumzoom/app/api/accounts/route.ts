import { register } from '@/lib/accounts/register';
import { api } from '@/lib/http/api';
import { readFields, textField } from '@/lib/http/fields';
import { Problem } from '@/lib/http/problem';
import { seeOther, wantsPage } from '@/lib/http/wants-page';

export const POST = api(async (request) => {
  const fields = await readFields(request);
  const email = textField(fields, 'email', 254, 3);
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new Problem(400, 'bad_address', 'This is not an e-mail address.');
  await register({
    email,
    displayName: textField(fields, 'displayName', 80),
    password: textField(fields, 'password', 200, 10),
    homeCity: textField(fields, 'homeCity', 80),
  });
  if (wantsPage(request)) return seeOther('/dashboard');
  return Response.json({ registered: true }, { status: 201 });
});
