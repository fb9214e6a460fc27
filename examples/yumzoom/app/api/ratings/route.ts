import { requireGuest } from '@/lib/accounts/session';
import { api } from '@/lib/http/api';
import { readFields, textField, wholeField } from '@/lib/http/fields';
import { seeOther, wantsPage } from '@/lib/http/wants-page';
import { submitRating } from '@/lib/ratings/submit';

export const POST = api(async (request) => {
  const guest = await requireGuest();
  const fields = await readFields(request);
  const rating = {
    restaurantId: wholeField(fields, 'restaurantId', 1, 2_147_483_647),
    score: wholeField(fields, 'score', 1, 5),
    comment: textField(fields, 'comment', 1000, 0),
  };
  await submitRating(guest.id, rating);
  if (wantsPage(request)) return seeOther(`/restaurants/${rating.restaurantId}?done=rated#ratings`);
  return Response.json(rating, { status: 201 });
});
