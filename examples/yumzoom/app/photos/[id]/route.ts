import { currentGuest } from '@/lib/accounts/session';
import { api } from '@/lib/http/api';
import { Problem } from '@/lib/http/problem';
import { isUuid } from '@/lib/http/uuid';
import { readPhoto } from '@/lib/photos/read';

export const GET = api<RouteContext<'/photos/[id]'>>(async (_request, { params }) => {
  const { id } = await params;
  const photo = isUuid(id) ? await readPhoto(id, (await currentGuest())?.id) : undefined;
  if (!photo) throw new Problem(404, 'no_photo', 'There is no such photo.');
  return new Response(new Uint8Array(photo.bytes), {
    headers: { 'content-type': photo.contentType, 'cache-control': 'private, max-age=86400' },
  });
});
