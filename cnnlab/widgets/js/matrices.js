// A matrix is {rows, cols, data}, data row by row; nested rows are how Python and people write one.

export function matrix(rows, cols, data) {
  return { rows, cols, data: data ?? new Float64Array(rows * cols) };
}

export function toMatrix(rows) {
  return matrix(rows.length, rows[0].length, Float64Array.from(rows.flat()));
}
