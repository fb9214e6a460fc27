import { requireGuest } from '@/lib/accounts/session';
import { api } from '@/lib/http/api';
import { readFields, textField, wholeField } from '@/lib/http/fields';
import { Problem } from '@/lib/http/problem';
import { isUuid } from '@/lib/http/uuid';
import { seeOther, wantsPage } from '@/lib/http/wants-page';
import { attachPhoto } from '@/lib/photos/attach';

export const POST = api(async (request) => {
  const guest = await requireGuest();
  const fields = await readFields(request);
  const uploadId = textField(fields, 'uploadId', 36);
  if (!isUuid(uploadId)) throw new Problem(400, 'bad_field', '"uploadId" must be a UUID.');
  const restaurantId = wholeField(fields, 'restaurantId', 1, 2_147_483_647);
  await attachPhoto(guest.id, uploadId, restaurantId);
  if (wantsPage(request)) return seeOther(`/restaurants/${restaurantId}?done=photo`);
  return Response.json({ photoId: uploadId }, { status: 201 });
});
