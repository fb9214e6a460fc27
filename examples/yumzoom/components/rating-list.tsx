import { formatDay } from '@/components/format';
import { Stars } from '@/components/stars';
import type { Rating } from '@/lib/restaurants/detail';

export function RatingList({ ratings }: { ratings: Rating[] }) {
  return (
    <ul className="ratings">
      {ratings.map((rating) => (
        <li key={rating.id}>
          <p>
            <Stars score={rating.score} /> <strong>{rating.author}</strong>{' '}
            <time className="quiet" dateTime={rating.createdAt.toISOString()}>
              {formatDay(rating.createdAt)}
            </time>
          </p>
          {rating.comment && <p>{rating.comment}</p>}
        </li>
      ))}
    </ul>
  );
}
