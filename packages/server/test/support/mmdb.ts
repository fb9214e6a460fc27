/** A place as MaxMind's city databases have it. */
export interface PlacedNetwork {
  /** IPv4, such as `203.0.113.0/24`. */
  network: string;
  country: string;
  lat: number;
  lon: number;
  /** Km. */
  radius?: number;
}

interface Double {
  double: number;
}
interface Uint {
  uint: number;
  /** Of 16, 32 or 64 bits. */
  type: 5 | 6 | 9;
}
type Value = string | Double | Uint | Value[] | { [key: string]: Value };

const isDouble = (value: object): value is Double => typeof Reflect.get(value, 'double') === 'number';
const isUint = (value: object): value is Uint => typeof Reflect.get(value, 'uint') === 'number';

/** Bytes before a value: its type and size (MaxMind DB file format 2.0, "Data field format"). */
function control(type: number, size: number): Buffer {
  const [low, more] = size < 29 ? [size, []] : [29, [size - 29]];
  return Buffer.from(type < 8 ? [(type << 5) | low, ...more] : [low, type - 7, ...more]);
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  if (isDouble(value)) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value.double);
    return Buffer.concat([control(3, 8), bytes]);
  }
  if (isUint(value)) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value.uint);
    const size = value.type === 5 ? 2 : 4;
    return Buffer.concat([control(value.type, size), bytes.subarray(4 - size)]);
  }
  const entries = Object.entries(value as Record<string, Value>);
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, item]) => [encode(key), encode(item)])]);
}

/** The bytes of a small database of cities, written by the published format. */
export function cityDatabase(networks: readonly PlacedNetwork[]): Buffer {
  // Each node has two records: another node, a place (negative: -1 is the first), or null.
  const nodes: [number | null, number | null][] = [[null, null]];
  for (const [index, { network }] of networks.entries()) {
    const [address = '', length = '32'] = network.split('/');
    const bits = address
      .split('.')
      .map((byte) => Number(byte).toString(2).padStart(8, '0'))
      .join('');
    let node = 0;
    const path = [...bits.slice(0, Number(length))].map(Number) as (0 | 1)[];
    for (const bit of path.slice(0, -1)) {
      const branch = nodes[node] as [number | null, number | null];
      branch[bit] ??= nodes.push([null, null]) - 1;
      node = branch[bit] as number;
    }
    (nodes[node] as [number | null, number | null])[path.at(-1) as 0 | 1] = -1 - index;
  }
  const places = networks.map(({ country, lat, lon, radius = 20 }) =>
    encode({
      country: { iso_code: country },
      location: { latitude: { double: lat }, longitude: { double: lon }, accuracy_radius: { uint: radius, type: 5 } },
    }),
  );
  const offsets = places.map((_, index) => places.slice(0, index).reduce((sum, { length }) => sum + length, 0));
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [index, records] of nodes.entries()) {
    for (const [side, record] of records.entries()) {
      const pointer =
        record === null ? nodes.length : record >= 0 ? record : nodes.length + 16 + (offsets[-1 - record] as number);
      tree.writeUIntBE(pointer, index * 6 + side * 3, 3);
    }
  }
  const metadata = encode({
    ...{ binary_format_major_version: { uint: 2, type: 5 }, binary_format_minor_version: { uint: 0, type: 5 } },
    ...{ build_epoch: { uint: 1_767_600_000, type: 9 }, database_type: 'Test-City', description: { en: 'test' } },
    ...{ ip_version: { uint: 4, type: 5 }, languages: ['en'], node_count: { uint: nodes.length, type: 6 } },
    record_size: { uint: 24, type: 5 },
  });
  const marker = Buffer.from([0xab, 0xcd, 0xef, ...Buffer.from('MaxMind.com')]);
  return Buffer.concat([tree, Buffer.alloc(16), ...places, marker, metadata]);
}
