import 'server-only';
import { recordActivity } from '@/lib/accounts/activity';
import type { Guest } from '@/lib/accounts/session';
import { query } from '@/lib/database/pool';
import { Problem } from '@/lib/http/problem';
import { logger } from '@/lib/logging/logger';
import { sendEmail } from '@/lib/partners/email';
import { PartnerError } from '@/lib/partners/partner';
import { charge } from '@/lib/partners/payments';

export interface PlacedOrder {
  id: string;
  restaurantId: number;
  totalCents: number;
}

/**
 * Charges for a dish and places the order. Nothing is stored when the charge fails.
 * @throws Problem 404 when there is no such dish, 502 when the payment service does not answer
 */
export async function placeOrder(guest: Guest, menuItemId: number, quantity: number): Promise<PlacedOrder> {
  const [dish] = await query<{ restaurantId: number; priceCents: number }>(
    'SELECT restaurant_id AS "restaurantId", price_cents AS "priceCents" FROM menu_items WHERE id = $1',
    [menuItemId],
  );
  if (!dish) throw new Problem(404, 'no_dish', `There is no dish ${menuItemId}.`);

  const totalCents = dish.priceCents * quantity;
  const reference = await chargeGuest(guest, totalCents);
  const [order] = await query<{ id: string }>(
    `INSERT INTO orders (user_id, restaurant_id, menu_item_id, quantity, total_cents, payment_reference)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
    [guest.id, dish.restaurantId, menuItemId, quantity, totalCents, reference],
  );
  if (!order) throw new Error('INSERT INTO orders returned no row');

  await recordActivity(guest.id, 'order_placed', dish.restaurantId);
  logger.businessEvent('order_placed', { orderId: order.id, restaurantId: dish.restaurantId, totalCents });
  await sendEmail(guest.email, 'Your order is on its way').catch((error: unknown) =>
    logger.warn('The confirmation of an order was not sent', { orderId: order.id, error }),
  );
  return { id: order.id, restaurantId: dish.restaurantId, totalCents };
}

async function chargeGuest(guest: Guest, totalCents: number): Promise<string> {
  try {
    return await charge(guest.id, totalCents);
  } catch (error) {
    if (!(error instanceof PartnerError)) throw error;
    logger.error('An order failed because the payment did', error, { totalCents });
    throw new Problem(502, 'payment_failed', 'The payment did not go through. Nothing was charged; try again shortly.');
  }
}
