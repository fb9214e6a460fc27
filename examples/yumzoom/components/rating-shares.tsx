import { Stars } from '@/components/stars';
import type { RestaurantDetail } from '@/lib/restaurants/detail';

/** The average and how the ratings spread over 5 to 1 points. */
export function RatingShares({ restaurant }: { restaurant: RestaurantDetail }) {
  const { averageRating, ratingCount, shares } = restaurant;
  if (averageRating === null) return <p>No ratings yet. Be the first.</p>;
  return (
    <div className="shares">
      <p>
        <strong>{averageRating.toFixed(1)}</strong>
        <Stars score={averageRating} large />
        <span className="quiet">{ratingCount} ratings</span>
      </p>
      <ul>
        {[5, 4, 3, 2, 1].map((score) => {
          const number = shares[score - 1] ?? 0;
          return (
            <li key={score}>
              <span>{score}</span>
              <span className="bar">
                <span className="bar-fill" style={{ width: `${(number / ratingCount) * 100}%` }} />
              </span>
              <span className="figure">{number}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
