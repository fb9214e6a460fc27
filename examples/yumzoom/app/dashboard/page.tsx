import type { Metadata } from 'next';
import Link from 'next/link';
import { formatDay, formatMoney } from '@/components/format';
import { RestaurantGrid } from '@/components/restaurant-card';
import { Stars } from '@/components/stars';
import { readHistory } from '@/lib/accounts/guest-history';
import { requireGuestOnPage } from '@/lib/accounts/session';
import { listRestaurants } from '@/lib/restaurants/list';

export const metadata: Metadata = { title: 'Dashboard' };

export default async function DashboardPage() {
  const guest = await requireGuestOnPage('/dashboard');
  const [{ ratings, orders, totals }, best] = await Promise.all([
    readHistory(guest.id),
    listRestaurants({ ...(guest.homeCity && { city: guest.homeCity }), size: 4 }),
  ]);
  return (
    <>
      <div className="greeting">
        <h1>Hello, {guest.displayName.split(' ')[0]}</h1>
        <Link href="/account" prefetch={false}>
          Your account
        </Link>
      </div>
      <ul className="figures">
        <Figure value={String(totals.ratings)} label="ratings given" />
        <Figure value={totals.average?.toFixed(1) ?? '–'} label="your average" />
        <Figure value={String(totals.orders)} label="orders placed" />
      </ul>
      <div className="columns">
        <section>
          <h2>Your latest ratings</h2>
          {ratings.length === 0 && <p className="empty">None yet. Where did you eat last?</p>}
          <ul className="rows">
            {ratings.map((rating) => (
              <li key={rating.restaurantId}>
                <Link href={`/restaurants/${rating.restaurantId}`} prefetch={false}>
                  {rating.restaurant}
                </Link>
                <Stars score={rating.score} />
                <span className="quiet">{formatDay(rating.createdAt)}</span>
              </li>
            ))}
          </ul>
        </section>
        <section>
          <h2>Your latest orders</h2>
          {orders.length === 0 && <p className="empty">None yet. Dinner is a click away.</p>}
          <ul className="rows">
            {orders.map((order) => (
              <li key={order.id}>
                <Link href={`/restaurants/${order.restaurantId}`} prefetch={false}>
                  {order.quantity} × {order.dish}
                </Link>
                <span className="figure">{formatMoney(order.totalCents)}</span>
                <span className="quiet">{formatDay(order.createdAt)}</span>
              </li>
            ))}
          </ul>
        </section>
      </div>
      <section>
        <h2>Best {guest.homeCity ? `in ${guest.homeCity}` : 'of all cities'}</h2>
        <RestaurantGrid restaurants={best} heading="h3" />
      </section>
    </>
  );
}

function Figure({ value, label }: { value: string; label: string }) {
  return (
    <li>
      <strong>{value}</strong>
      {label}
    </li>
  );
}
