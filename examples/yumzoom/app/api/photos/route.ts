import { requireGuest } from '@/lib/accounts/session';
import { api } from '@/lib/http/api';
import { Problem } from '@/lib/http/problem';
import { seeOther, wantsPage } from '@/lib/http/wants-page';
import { MAX_PHOTO_BYTES, uploadPhoto } from '@/lib/photos/upload';

/** Boundaries and field names around the photo itself. */
const FORM_OVERHEAD_BYTES = 4096;

export const POST = api(async (request) => {
  const guest = await requireGuest();
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  if (!(length <= MAX_PHOTO_BYTES + FORM_OVERHEAD_BYTES)) {
    throw new Problem(413, 'photo_too_large', 'A photo may have at most 5 MB, and its size must be stated.');
  }
  const form = await request.formData().catch(() => undefined);
  const photo = form?.get('photo');
  if (!(photo instanceof File) || photo.size === 0) throw new Problem(400, 'no_photo', 'Choose a photo first.');

  const uploadId = await uploadPhoto(guest.id, photo);
  const restaurantId = Number(form?.get('restaurantId'));
  if (wantsPage(request)) return seeOther(`/restaurants/${restaurantId}/photo?upload=${uploadId}`);
  return Response.json({ uploadId }, { status: 201 });
});
