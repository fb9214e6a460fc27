/** Relations that people may query. */
export const RELATIONS: ReadonlySet<string> = new Set([
  'application_logs',
  'requests',
  'spans',
  'error_events',
  'metrics',
  'database_samples',
  'database_sizes',
  'database_waits',
  'web_vitals',
  'checks',
  'health_checks',
  'check_ins',
  'sessions',
  'feedback',
  'attachments',
  'outbound_calls',
  'browser_timings',
  'browser_events',
  'replays',
  'client_reports',
  'security_events',
  'capacity',
  'traffic',
]);

/** Kinds of nodes that a reading query is made of. */
export const NODES: ReadonlySet<string> = new Set([
  'SelectWithUnionQuery',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'Subquery',
  'ExpressionList',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'TableExpression',
  'TableJoin',
  'TableIdentifier',
  'ArrayJoin',
  'WithElement',
  'Identifier',
  'Function',
  'Literal',
  'Asterisk',
  'QualifiedAsterisk',
  'ColumnsRegexpMatcher',
  'ColumnsListMatcher',
  'ColumnsTransformerList',
  'ColumnsExceptTransformer',
  'ColumnsReplaceTransformer',
  'ColumnsReplaceTransformer::Replacement',
  'OrderByElement',
  'InterpolateElement',
  'WindowDefinition',
  'WindowListElement',
  'SampleRatio',
]);

const AGGREGATES = words(`
  count sum sumWithOverflow sumKahan avg avgWeighted min max any anyLast anyHeavy argMin argMax first_value last_value
  stddevPop stddevSamp varPop varSamp stddev_pop stddev_samp var_pop var_samp covarPop covarSamp corr skewPop skewSamp
  kurtPop kurtSamp median quantile quantiles quantileExact quantilesExact quantileExactLow quantileExactHigh
  quantileExactInclusive quantilesExactInclusive quantileExactExclusive quantileTDigest quantilesTDigest quantileTiming
  quantilesTiming quantileDeterministic uniq uniqExact uniqCombined uniqCombined64 uniqHLL12 uniqTheta groupArray
  groupUniqArray groupArraySample topK topKWeighted histogram entropy simpleLinearRegression deltaSum
  deltaSumTimestamp boundingRatio windowFunnel retention sequenceMatch sequenceCount maxMap minMap sumMap groupBitAnd
  groupBitOr groupBitXor
`);

/** Suffixes that change an aggregate function. */
const COMBINATORS = ['if', 'distinct', 'ornull', 'ordefault', 'array'];

const FUNCTIONS = words(`
  plus minus multiply divide intDiv intDivOrZero modulo moduloOrZero positiveModulo negate abs sign gcd lcm
  equals notEquals less greater lessOrEquals greaterOrEquals isNotDistinctFrom isDistinctFrom
  and or not xor if multiIf caseWithExpression caseWithExpr caseWithoutExpression case
  in notIn globalIn globalNotIn exists lambda tuple tupleElement untuple array arrayElement map mapKeys mapValues
  mapContains mapContainsKey mapFromArrays mapFilter mapApply mapSort mapAdd mapSubtract
  isNull isNotNull ifNull nullIf coalesce assumeNotNull toNullable isNaN isFinite isInfinite ifNotFinite
  cast _cast accurateCast accurateCastOrNull toTypeName
  toString toFloat32 toFloat64 toInt8 toInt16 toInt32 toInt64 toInt128 toUInt8 toUInt16 toUInt32 toUInt64 toUInt128
  toFloat64OrNull toFloat64OrZero toFloat32OrNull toFloat32OrZero toInt32OrNull toInt32OrZero toInt64OrNull
  toInt64OrZero toUInt32OrNull toUInt32OrZero toUInt64OrNull toUInt64OrZero toUInt16OrNull toUInt16OrZero
  toDecimal32 toDecimal64 toDecimal128 toBool toDate toDate32 toDateTime toDateTime64 toDateOrNull toDateTimeOrNull
  toDateTime64OrNull parseDateTimeBestEffort parseDateTimeBestEffortOrNull parseDateTime64BestEffort
  parseDateTime64BestEffortOrNull toFixedString toUUID toUUIDOrNull toIPv4 toIPv6 toIPv4OrNull toIPv6OrNull
  now now64 today yesterday timeSlot timeSlots timestamp current_timestamp curdate current_date localtimestamp
  date_trunc dateTrunc date_diff dateDiff date_add dateAdd date_sub dateSub timestamp_add timestampAdd timestamp_sub
  timestampSub timestamp_diff timestampDiff addSeconds addMinutes addHours addDays addWeeks addMonths addQuarters
  addYears addMilliseconds addInterval subtractInterval subtractSeconds subtractMinutes subtractHours subtractDays subtractWeeks
  subtractMonths subtractQuarters subtractYears toIntervalNanosecond toIntervalMicrosecond toIntervalMillisecond
  toIntervalSecond toIntervalMinute toIntervalHour toIntervalDay toIntervalWeek toIntervalMonth toIntervalQuarter
  toIntervalYear toStartOfSecond toStartOfMinute toStartOfFiveMinutes toStartOfFiveMinute toStartOfTenMinutes
  toStartOfFifteenMinutes toStartOfHour toStartOfDay toStartOfWeek toStartOfMonth toStartOfQuarter toStartOfYear
  toStartOfInterval toMonday toLastDayOfMonth toYear toQuarter toMonth toWeek toISOWeek toISOYear toYearWeek
  toDayOfYear toDayOfMonth toDayOfWeek toHour toMinute toSecond toMillisecond toUnixTimestamp
  toUnixTimestamp64Milli toUnixTimestamp64Micro toUnixTimestamp64Nano fromUnixTimestamp fromUnixTimestamp64Milli
  fromUnixTimestamp64Micro toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss toTimeZone toRelativeHourNum toRelativeMinuteNum
  toRelativeSecondNum toRelativeDayNum formatDateTime monthName dateName age makeDate makeDateTime year month day
  hour minute second quarter week dayofyear dayofmonth dayofweek extract
  empty notEmpty length lengthUTF8 char_length character_length octet_length lower upper lcase ucase lowerUTF8
  upperUTF8 reverse reverseUTF8 concat concatWithSeparator concat_ws substring substr mid substringUTF8 left right
  leftUTF8 rightUTF8 trim trimLeft trimRight trimBoth ltrim rtrim lpad rpad leftPad rightPad leftPadUTF8
  rightPadUTF8 replace replaceOne replaceAll replaceRegexpOne replaceRegexpAll translate repeat space startsWith
  endsWith startsWithUTF8 endsWithUTF8 position positionCaseInsensitive positionUTF8 locate countSubstrings
  countSubstringsCaseInsensitive multiSearchAny multiSearchFirstIndex multiSearchAnyCaseInsensitive match
  multiMatchAny extractAll extractGroups extractAllGroups like notLike ilike notILike hasToken
  hasTokenCaseInsensitive hasAllTokens hasAnyTokens splitByChar splitByString splitByRegexp splitByWhitespace
  splitByNonAlpha alphaTokens tokens ascii char initcap hex unhex base64Encode base64Decode url_encode
  domain domainWithoutWWW topLevelDomain protocol path pathFull queryString fragment extractURLParameter
  extractURLParameters extractURLParameterNames cutURLParameter cutQueryString decodeURLComponent
  encodeURLComponent splitByChar
  isValidJSON JSONHas JSONLength JSONType JSONExtract JSONExtractString JSONExtractInt JSONExtractUInt
  JSONExtractFloat JSONExtractBool JSONExtractRaw JSONExtractKeys JSONExtractArrayRaw JSONExtractKeysAndValues
  JSON_VALUE JSON_QUERY JSON_EXISTS simpleJSONHas simpleJSONExtractString simpleJSONExtractInt
  simpleJSONExtractFloat simpleJSONExtractRaw toJSONString
  round floor ceil ceiling trunc truncate roundBankers exp exp2 exp10 ln log log2 log10 sqrt cbrt pow power sin cos tan asin
  acos atan atan2 pi e degrees radians greatest least width_bucket bitAnd bitOr bitXor bitNot bitShiftLeft
  bitShiftRight bitTest bitCount
  arrayJoin arrayMap arrayFilter arrayCount arrayExists arrayAll arraySum arrayAvg arrayMin arrayMax arrayProduct
  arrayConcat arrayDistinct arrayUniq arraySort arrayReverseSort arrayReverse arrayFirst arrayLast arrayFirstIndex
  arraySlice arrayPushBack arrayPushFront arrayPopBack arrayPopFront arrayEnumerate arrayEnumerateUniq
  arrayIntersect arrayFlatten arrayCompact arrayZip arrayDifference arrayCumSum arrayStringConcat has hasAny hasAll
  indexOf countEqual range emptyArrayString
  cityHash64 sipHash64 xxHash64 murmurHash3_64 md5 sha1 sha256 halfMD5 crc32
  isIPv4String isIPv6String isIPAddressInRange IPv4NumToString IPv4StringToNum IPv6StringToNum IPv6NumToString
  IPv4CIDRToRange IPv6CIDRToRange
  row_number rank dense_rank percent_rank cume_dist ntile lag lead lagInFrame leadInFrame nth_value
  nonNegativeDerivative exponentialTimeDecayedAvg runningDifference grouping bar transform formatReadableSize
  formatReadableQuantity formatReadableTimeDelta formatReadableDecimalSize
`);

/** Whether a function may be called: by name without case, aggregates also with their combinators. */
export function isAllowedFunction(name: string): boolean {
  const lower = name.toLowerCase();
  if (FUNCTIONS.has(lower) || AGGREGATES.has(lower)) return true;
  const suffix = COMBINATORS.find((combinator) => lower.endsWith(combinator));
  return suffix !== undefined && isAllowedAggregate(lower.slice(0, -suffix.length));
}

function isAllowedAggregate(lower: string): boolean {
  if (AGGREGATES.has(lower)) return true;
  const suffix = COMBINATORS.find((combinator) => lower.endsWith(combinator));
  return suffix !== undefined && isAllowedAggregate(lower.slice(0, -suffix.length));
}

function words(list: string): ReadonlySet<string> {
  return new Set(
    list
      .trim()
      .split(/\s+/)
      .map((word) => word.toLowerCase()),
  );
}
