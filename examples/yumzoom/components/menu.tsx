import { formatMoney } from '@/components/format';
import type { Dish } from '@/lib/restaurants/detail';

const COURSES = [
  ['starter', 'To start'],
  ['main', 'Mains'],
  ['dessert', 'Sweet'],
  ['drink', 'Drinks'],
] as const;

/** The menu by course; signed-in guests can order a dish. */
export function Menu({ dishes, canOrder }: { dishes: Dish[]; canOrder: boolean }) {
  return COURSES.map(([course, title]) => {
    const served = dishes.filter((dish) => dish.course === course);
    if (served.length === 0) return null;
    return (
      <div key={course} className="course">
        <h3>{title}</h3>
        <ul>
          {served.map((dish) => (
            <li key={dish.id}>
              <span>{dish.name}</span>
              <span className="dots" />
              <span className="figure">{formatMoney(dish.priceCents)}</span>
              {canOrder && <OrderButton dish={dish} />}
            </li>
          ))}
        </ul>
      </div>
    );
  });
}

function OrderButton({ dish }: { dish: Dish }) {
  return (
    <form method="post" action="/api/orders">
      <input type="hidden" name="menuItemId" value={dish.id} />
      <input type="hidden" name="quantity" value="1" />
      <button type="submit" className="plain small" aria-label={`Order ${dish.name}`}>
        Order
      </button>
    </form>
  );
}
