/** An average of 1 to 5 as filled stars, with the figure in words for those who cannot see them. */
export function Stars({ score, large = false }: { score: number; large?: boolean }) {
  return (
    <span className={large ? 'stars stars-large' : 'stars'} role="img" aria-label={`${score.toFixed(1)} of 5 stars`}>
      <span className="stars-filled" style={{ width: `${(score / 5) * 100}%` }}>
        ★★★★★
      </span>
      <span className="stars-empty">★★★★★</span>
    </span>
  );
}
