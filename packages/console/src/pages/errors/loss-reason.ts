/** Reasons of SDKs, as their protocol names them, and of the platform, in words. */
const REASONS: Readonly<Record<string, string>> = {
  backpressure: 'The SDK held back under load.',
  before_send: 'A filter of the application left it out.',
  buffer_overflow: 'The SDK had no room for more.',
  cache_overflow: 'The SDK had no room for more.',
  event_processor: 'A filter of the application left it out.',
  ignored: 'A filter of the application left it out.',
  internal_sdk_error: 'The SDK failed.',
  no_parent_span: 'The SDK made no trace around it.',
  network_error: 'The platform could not be reached.',
  queue_overflow: 'The SDK had no room for more.',
  ratelimit_backoff: 'More than the key may send.',
  sample_rate: 'Left out by the sample rate.',
  send_error: 'The platform refused it.',
  too_many: 'The page had more than it sends of one view.',
  invalid_items: 'Members of the container were not understood.',
  invalid_json: 'It is no JSON.',
  invalid_timestamp: 'The time cannot be read.',
  invalid_record: 'Records of OpenTelemetry were not understood.',
  invalid_span: 'Spans were not understood.',
  key_scope: 'A public key may not send this.',
  not_an_object: 'It is no JSON object.',
  not_kept: 'This version does not keep it.',
  record_too_large: 'The record is too large.',
  too_large: 'The item is too large.',
  trailing_data: 'More than one record stands on the line.',
  unknown_item_type: 'The type is not known.',
};

/** A sentence for a reason; one that is not known has none. */
export function reasonText(reason: string): string {
  return REASONS[reason] ?? '';
}
