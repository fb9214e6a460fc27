const MOST_BYTES = 65_536;

/** Passes beacons of visitors' browsers on to YumOps, with the site's own key. */
export async function POST(request: Request): Promise<Response> {
  const { YUMOPS_URL: url, YUMOPS_KEY: key } = process.env;
  if (!url || !key) return new Response(null, { status: 204 });
  const body = await request.text();
  if (body.length > MOST_BYTES) return new Response(null, { status: 413 });
  const headers = {
    'content-type': 'text/plain',
    'x-yumops-key': key,
    'user-agent': request.headers.get('user-agent') ?? '',
    'x-vercel-ip-country': request.headers.get('x-vercel-ip-country') ?? '',
  };
  try {
    const answer = await fetch(`${url}/rum`, { method: 'POST', body, headers, signal: AbortSignal.timeout(5_000) });
    return new Response(null, { status: answer.status });
  } catch {
    return new Response(null, { status: 503 });
  }
}
