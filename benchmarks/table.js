/** A Markdown table, its columns padded; the columns named in `numbers` (by index) stand on the right. */
export function table (head, rows, numbers = []) {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i].length)))
  const pad = (cell, i) => numbers.includes(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])
  const line = (cells) => `| ${cells.map(pad).join(' | ')} |`
  const rule = widths.map((width, i) => numbers.includes(i) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** A median with its quartiles in brackets. */
export function withQuartiles ({ median, low, high }, digits) {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`
}

/** A number with a comma between its thousands. */
export function grouped (number) {
  return Math.round(number).toLocaleString('en-US')
}
