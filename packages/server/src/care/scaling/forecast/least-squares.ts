/** A solved weighted regression: coefficients, and the inverse of its normal matrix. */
export interface Solution {
  coefficients: Float64Array;
  /** Times the variance of the noise it is the covariance of the coefficients. */
  inverse: Float64Array[];
}

/** Keeps the matrix solvable where the data cannot tell two terms apart; far below what rounding changes. */
const RIDGE = 1e-9;

/** The lower triangle L with `L Lᵀ = matrix`, in place. */
function factorise(matrix: Float64Array[]): void {
  for (const [i, row] of matrix.entries()) {
    for (let j = 0; j <= i; j++) {
      const other = matrix[j] as Float64Array;
      let sum = row[j] as number;
      for (let k = 0; k < j; k++) sum -= (row[k] as number) * (other[k] as number);
      row[j] = i === j ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / (other[j] as number);
    }
  }
}

function solve(lower: readonly Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  const result = Float64Array.from(right);
  for (let i = 0; i < size; i++) {
    const row = lower[i] as Float64Array;
    for (let k = 0; k < i; k++) result[i] = (result[i] as number) - (row[k] as number) * (result[k] as number);
    result[i] = (result[i] as number) / (row[i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) {
      result[i] = (result[i] as number) - ((lower[k] as Float64Array)[i] as number) * (result[k] as number);
    }
    result[i] = (result[i] as number) / ((lower[i] as Float64Array)[i] as number);
  }
  return result;
}

/**
 * Weighted least squares by the normal equations and their Cholesky factor.
 * @param rows what the terms are at each point
 * @param values what was seen there
 * @param weights 0 to 1
 */
export function leastSquares(
  rows: readonly Float64Array[],
  values: ArrayLike<number>,
  weights: ArrayLike<number>,
): Solution {
  const size = rows[0]?.length ?? 0;
  const normal = Array.from({ length: size }, () => new Float64Array(size));
  const right = new Float64Array(size);
  for (const [index, row] of rows.entries()) {
    const weight = weights[index] as number;
    for (let i = 0; i < size; i++) {
      const scaled = weight * (row[i] as number);
      right[i] = (right[i] as number) + scaled * (values[index] as number);
      const line = normal[i] as Float64Array;
      for (let j = 0; j <= i; j++) line[j] = (line[j] as number) + scaled * (row[j] as number);
    }
  }
  for (const [i, line] of normal.entries()) line[i] = (line[i] as number) * (1 + RIDGE) + RIDGE;
  factorise(normal);
  const inverse = Array.from({ length: size }, (_, column) => {
    const unit = new Float64Array(size);
    unit[column] = 1;
    return solve(normal, unit);
  });
  return { coefficients: solve(normal, right), inverse };
}
