// What is logged: a short line, and one as a request handler writes it (about 670 bytes).

export const small = (i) => ({ n: i });

export function typical(i) {
  return {
    userId: `user-${i % 997}`,
    sessionKind: 'web',
    ip: '203.0.113.24',
    userAgent: 'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
    endpoint: '/api/restaurants/[id]/ratings',
    method: 'POST',
    statusCode: 201,
    duration: 12.5 + (i % 100),
    restaurant: {
      id: i % 5000,
      name: 'Trattoria da Mario',
      cuisine: 'italian',
      location: { lat: 40.7128, lng: -74.006 },
    },
    items: [
      { id: 1, name: 'Margherita', price: 12.5 },
      { id: 2, name: 'Tiramisu', price: 6.9 },
    ],
    feature: { newSearch: true, variant: 'b' },
    credentials: 'kept out by redaction',
    comment: 'Great food, friendly people, will come again',
  };
}
