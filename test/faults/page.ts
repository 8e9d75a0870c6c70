import type { Check, Row } from './rows.js'
import type { LongRow } from './ten-minutes.js'

// Plain JavaScript without types of its own.
const { href } = new URL('../../benchmarks/table.js', import.meta.url)
const { table }: { table (head: string[], rows: string[][], numbers?: number[]): string } = await import(href)

const method = `- Command: \`npm run faults\`

Key server, API and client talk over loopback. A fetch is an attempt of the plugin to get the key set, which may take no request, or
several. A slash divides an API that held keys, whose refresh was due when the fault began, from a cold start: an API that never had
any. In the first two tables each request brings a new token, but for those "of before". Where keys are held, half of the tokens
are good and half are forged under a key id nobody has; cold starts get good ones only. Good tokens live for two days or, where the
table says so and where the set of one key is replaced, for an hour, as the forged ones claim to.

Outages, six at a time: deadlines, pauses and recovery are real time; only the ten minutes before them are leapt over. Fetches: in
brackets the requests the key server saw. Recovery: seconds after the fault's end, and within how many the plugin's health had
announced it. Garbage is collected twice a second meanwhile, because Node can lose a deadline nobody refers to (nodejs/node#57736).
The host name that does not resolve ends in \`.invalid\`: \`dns.lookup\` is replaced for such names and answers ENOTFOUND itself, no
name server is asked. Rotations and clock jumps: the provider is well, and the clock stands still until it is moved; a jump of the
wall clock moves \`Date.now\`, a sleep all clocks.

Ten minutes: the clock is moved a second at a time, with a good and a forged token at each. Fetches: how many there were, of how many
the promised pauses allow at their shortest. Promises: the clock is moved as each of them needs it, and tokens are sent more than
once where the plugin must forget them.`

/** Everything that was played, as Markdown. What was not asked for is left out. */
export function renderPage (rows: readonly Row[], long: readonly LongRow[], checks: readonly Check[]): string {
  const parts = [
    method,
    rows.length > 0 && table(
      ['Fault', 'Key held', 'Unknown key id', 'Cold start', 'Fetches (requests)', 'Slowest, ms', 'Health', 'Recovery, s, of announced', ''],
      rows.map((row) => [row.title, row.known, row.unknown, row.cold, row.fetches, row.slowest, row.health, row.recovery, verdict(row)]),
      [4, 5, 7]
    ),
    long.length > 0 && table(
      ['Ten minutes of', 'Key held', 'Unknown key id', 'Fetches, of at most', 'Recovery, s, of announced', ''],
      long.map((row) => [row.title, row.known, row.unknown, row.fetches, row.recovery, verdict(row)]),
      [3, 4]
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
