import Link from 'next/link';

export default function NotFound() {
  return (
    <section className="narrow">
      <h1>No table here</h1>
      <p>This page is not on the menu.</p>
      <p>
        <Link href="/restaurants" prefetch={false}>
          See all restaurants
        </Link>
      </p>
    </section>
  );
}
