/** A Markdown table, its columns padded; the columns named in `numbers` (by index) stand on the right. */
export function table (head, rows, numbers = []) {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i].length)))
  const pad = (cell, i) => numbers.includes(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])
  const line = (cells) => `| ${cells.map(pad).join(' | ')} |`
  const rule = widths.map((width, i) => numbers.includes(i) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** A number with so many digits after the point, zero without a sign. Throws where there is no number to print. */
export function fixed (number, digits) {
  if (!Number.isFinite(number)) throw new Error(`cannot print ${number}: a measurement is missing, or was divided by zero`)
  return number.toFixed(digits).replace(/^-(?=[0.]*$)/, '')
}

/** A median with its quartiles in brackets. */
export function withQuartiles ({ median, low, high }, digits) {
  return `${fixed(median, digits)} [${fixed(low, digits)}, ${fixed(high, digits)}]`
}

/** A number with a comma between its thousands. */
export function grouped (number) {
  return Number(fixed(number, 0)).toLocaleString('en-US')
}
