const KINDS = [
  { extension: 'jpg', contentType: 'image/jpeg', starts: [{ at: 0, bytes: [0xff, 0xd8, 0xff] }] },
  { extension: 'png', contentType: 'image/png', starts: [{ at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a] }] },
  {
    extension: 'webp',
    contentType: 'image/webp',
    starts: [
      { at: 0, bytes: [0x52, 0x49, 0x46, 0x46] },
      { at: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
    ],
  },
] as const;

/** What kind of photo the bytes are, by their signature: the name and type that a browser sends prove nothing. */
export function recognisePhoto(bytes: Uint8Array): { extension: string; contentType: string } | undefined {
  return KINDS.find(({ starts }) =>
    starts.every((start) => start.bytes.every((byte, n) => bytes[start.at + n] === byte)),
  );
}
