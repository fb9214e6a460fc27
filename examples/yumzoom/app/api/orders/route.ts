import { requireGuest } from '@/lib/accounts/session';
import { api } from '@/lib/http/api';
import { readFields, wholeField } from '@/lib/http/fields';
import { seeOther, wantsPage } from '@/lib/http/wants-page';
import { placeOrder } from '@/lib/orders/place';

export const POST = api(async (request) => {
  const guest = await requireGuest();
  const fields = await readFields(request);
  const menuItemId = wholeField(fields, 'menuItemId', 1, 2_147_483_647);
  const order = await placeOrder(guest, menuItemId, wholeField(fields, 'quantity', 1, 20));
  if (wantsPage(request)) return seeOther(`/restaurants/${order.restaurantId}?done=ordered`);
  return Response.json(order, { status: 201 });
});
