import './mark.css';

/** The mark of the product. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 16 16" aria-hidden="true">
      <rect width="16" height="16" rx="3.5" />
      <path d="M2.5 9h2.3l1.7-4.5L9 11.5l1.5-2.5h3" />
    </svg>
  );
}
