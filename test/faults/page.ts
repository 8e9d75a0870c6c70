import type { Check, Row } from './rows.js'
import type { LongRow } from './ten-minutes.js'

const method = `Written by \`npm run faults -- --write\`. Key server, API and client talk over loopback; every token is signed and sent once,
half of them name a key nobody has. A slash divides an API that held keys, whose refresh was due when the fault began, from one
that never had any. Fetches: attempts of the plugin, in brackets the requests its key server saw. Recovery: seconds after the
fault's end, and within how many it was announced. Deadlines, pauses and recovery of the outages are real time; only the ten
minutes before them are leapt over. Garbage is collected twice a second meanwhile, for Node loses deadlines that way which
nobody holds. Rotations and clock jumps have a clock that stands still until it is moved: a jump of the wall clock moves \`Date.now\`, a sleep all clocks; the provider is well meanwhile. In the second and third table the clock is
moved a second at a time with a request at each, tokens are signed by the same clock, and live for two days.`

/** Everything that was played, as Markdown. What was not asked for is left out. */
export function renderPage (rows: readonly Row[], long: readonly LongRow[], checks: readonly Check[]): string {
  const parts = [
    method,
    rows.length > 0 && table(
      ['Fault', 'Key held', 'Unknown key id', 'Cold start', 'Fetches', 'Slowest, ms', 'Health', 'Recovery, s', ''],
      rows.map((row) => [row.title, row.known, row.unknown, row.cold, row.fetches, row.slowest, row.health, row.recovery, verdict(row)])
    ),
    long.length > 0 && table(
      ['Ten minutes of', 'Key held', 'Unknown key id', 'Fetches', 'Recovery, s', ''],
      long.map((row) => [row.title, row.known, row.unknown, row.fetches, row.recovery, verdict(row)])
    ),
    checks.length > 0 && table(
      ['Promise', 'Expected', 'Measured', ''],
      checks.map((check) => [check.title, check.expected, check.measured, verdict(check)])
    )
  ]
  return parts.filter((part) => part !== false).join('\n\n')
}

function verdict ({ violations }: { readonly violations: readonly string[] }): string {
  return violations.length === 0 ? 'held' : 'BROKEN'
}

function table (head: string[], rows: string[][]): string {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i]!.length)))
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
