import type protobuf from 'protobufjs';
import { messageOf } from '../../../lib/errors.ts';
import { isObject, type Json } from '../record/json-value.ts';
import type { Refused } from '../record/readers.ts';
import { messageType } from './schema.ts';

export type OtlpSignal = 'logs' | 'traces' | 'metrics';
export type OtlpEncoding = 'protobuf' | 'json';

const TO_OBJECT: protobuf.IConversionOptions = { longs: String, defaults: false, oneofs: false };

/** Reads an export request into plain objects with the names of OTLP's JSON. */
export function decodeRequest(body: Uint8Array, signal: OtlpSignal, encoding: OtlpEncoding): Json | Refused {
  try {
    if (encoding === 'protobuf') return decodeMessage(signal, body);
    const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text);
    if (isObject(value)) return value;
    return { code: 'invalid_body', message: `An export request of ${signal} is a JSON object.` };
  } catch (error) {
    return { code: 'invalid_body', message: `The body is no export request of ${signal}: ${messageOf(error)}.` };
  }
}

/** Reads one message of the schema. @throws when the bytes are none */
export function decodeMessage(name: string, bytes: Uint8Array): Json {
  const type = messageType(name);
  return type.toObject(type.decode(bytes), TO_OBJECT) as Json;
}
