/**
 * ClickHouse error codes that say "this data can never be stored", as opposed to "not now": sending the same rows
 * again would fail again.
 */
const REFUSALS = new Set([
  '6', // CANNOT_PARSE_TEXT
  '25', // CANNOT_PARSE_ESCAPE_SEQUENCE
  '26', // CANNOT_PARSE_QUOTED_STRING
  '27', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  '32', // ATTEMPT_TO_READ_AFTER_EOF
  '38', // CANNOT_PARSE_DATE
  '41', // CANNOT_PARSE_DATETIME
  '53', // TYPE_MISMATCH
  '69', // ARGUMENT_OUT_OF_BOUND
  '70', // CANNOT_CONVERT_TYPE
  '72', // CANNOT_PARSE_NUMBER
  '117', // INCORRECT_DATA
  '131', // TOO_LARGE_STRING_SIZE
  '321', // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  '349', // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  '376', // CANNOT_PARSE_UUID
  '467', // CANNOT_PARSE_BOOL
  '469', // VIOLATED_CONSTRAINT
]);

/** Whether the store refused the rows themselves. Looks through the causes of an error for the engine's own code. */
export function isRefusal(error: unknown): boolean {
  for (let thrown = error; thrown instanceof Error; thrown = thrown.cause) {
    const { code } = thrown as { code?: unknown };
    if (REFUSALS.has(String(code))) return true;
  }
  return false;
}
