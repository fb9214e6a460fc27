/** Providers by the end of their host names. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'stripe.com': 'stripe',
  'maps.googleapis.com': 'google-maps',
  'routes.googleapis.com': 'google-maps',
  'places.googleapis.com': 'google-maps',
  'googleapis.com': 'google',
  'resend.com': 'resend',
  'sendgrid.com': 'sendgrid',
  'mailgun.net': 'mailgun',
  'postmarkapp.com': 'postmark',
  'twilio.com': 'twilio',
  'slack.com': 'slack',
  'supabase.co': 'supabase',
  'openai.com': 'openai',
  'anthropic.com': 'anthropic',
  'github.com': 'github',
  'amazonaws.com': 'aws',
  'cloudinary.com': 'cloudinary',
  'algolia.net': 'algolia',
  'mapbox.com': 'mapbox',
  'auth0.com': 'auth0',
  'paypal.com': 'paypal',
  'sentry.io': 'sentry',
  'upstash.io': 'upstash',
  'vercel.com': 'vercel',
};

/**
 * The name of who is behind a host: one's own names first, then the well-known ones, then the host itself.
 * @param host with its port unless that is the protocol's own
 */
export function providerOf(host: string, own: Readonly<Record<string, string>> = {}): string {
  const name = host.replace(/:\d+$/, '');
  const chosen = own[host] ?? own[name];
  if (chosen !== undefined) {
    return chosen;
  }
  const labels = name.toLowerCase().split('.');
  for (let from = 0; from < labels.length - 1; from++) {
    const known = PROVIDERS[labels.slice(from).join('.')];
    if (known !== undefined) {
      return known;
    }
  }
  return host;
}
