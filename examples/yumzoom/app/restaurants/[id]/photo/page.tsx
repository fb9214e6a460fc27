import type { Metadata } from 'next';
import { Note } from '@/components/note';
import { requireGuestOnPage } from '@/lib/accounts/session';
import { type PageParameters, readPageParameters } from '@/lib/http/page-parameters';
import { isUuid } from '@/lib/http/uuid';

export const metadata: Metadata = { title: 'Add a photo' };

interface Props {
  params: Promise<{ id: string }>;
  searchParams: PageParameters;
}

export default async function PhotoPage({ params, searchParams }: Props) {
  const { id } = await params;
  await requireGuestOnPage(`/restaurants/${id}/photo`);
  const { upload, problem } = await readPageParameters(searchParams, 'upload', 'problem');
  return (
    <section className="narrow">
      <h1>Add a photo</h1>
      <Note problem={problem} />
      {upload && isUuid(upload) ? (
        <form method="post" action="/api/photos/attach" className="panel">
          {/* biome-ignore lint/performance/noImgElement: guests' photos are served as they came */}
          <img src={`/photos/${upload}`} alt="What you sent" className="preview" />
          <input type="hidden" name="uploadId" value={upload} />
          <input type="hidden" name="restaurantId" value={id} />
          <button type="submit">Put it on the page</button>
        </form>
      ) : (
        <form method="post" action="/api/photos" encType="multipart/form-data" className="panel">
          <input type="hidden" name="restaurantId" value={id} />
          <label>
            <span>JPEG, PNG or WebP, at most 5 MB</span>
            <input type="file" name="photo" accept="image/jpeg,image/png,image/webp" required />
          </label>
          <button type="submit">Send</button>
        </form>
      )}
    </section>
  );
}
