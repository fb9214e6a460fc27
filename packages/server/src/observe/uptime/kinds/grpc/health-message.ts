/** `ServingStatus` of `grpc.health.v1`, in the order of its numbers. */
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** A `HealthCheckRequest` with the five bytes that precede a message: not compressed, its length. */
export function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)];
}

/**
 * The status of a `HealthCheckResponse`, whose first field is a number; an absent one is 0 as protobuf has it.
 * @returns undefined when the bytes are none
 */
export function readStatus(bytes: Buffer): string | undefined {
  if (bytes.length < 5 || bytes[0] !== 0) return undefined;
  const message = bytes.subarray(5, 5 + bytes.readUInt32BE(1));
  if (message.length === 0) return STATUSES[0];
  return message[0] === 0x08 ? (STATUSES[message[1] ?? -1] ?? String(message[1])) : undefined;
}
