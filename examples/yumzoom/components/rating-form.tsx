import Link from 'next/link';

/** Stars, a comment, and the way to add a photo. Works without JavaScript. */
export function RatingForm({ restaurantId }: { restaurantId: number }) {
  return (
    <form method="post" action="/api/ratings" className="panel rating-form">
      <input type="hidden" name="restaurantId" value={restaurantId} />
      <fieldset className="star-choice">
        <legend>Your rating</legend>
        {[5, 4, 3, 2, 1].map((score) => (
          <label key={score}>
            <input type="radio" name="score" value={score} required />
            <span>
              ★<span className="unseen"> {score} of 5</span>
            </span>
          </label>
        ))}
      </fieldset>
      <label>
        <span>In a sentence or two</span>
        <textarea name="comment" rows={2} maxLength={1000} />
      </label>
      <p className="rating-actions">
        <button type="submit">Rate</button>
        <Link href={`/restaurants/${restaurantId}/photo`} prefetch={false}>
          Add a photo
        </Link>
      </p>
    </form>
  );
}
