import { logger } from '@yumops/node';
import { headers } from 'next/headers';

async function send() {
  'use server';
  logger.info('inside an action');
}

export default async function About({ params }: { params: Promise<{ slug: string }> }) {
  const { slug } = await params;
  logger.info('inside a page', { slug, userAgent: (await headers()).get('user-agent') });
  if (slug === 'broken') {
    throw new Error('the page is broken');
  }
  return (
    <form action={send}>
      <button type="submit">{slug}</button>
    </form>
  );
}
