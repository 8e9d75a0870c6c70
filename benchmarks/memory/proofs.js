import { Child } from '../child.js'
import { fixed, grouped, table } from '../table.js'

const file = new URL('proofs-process.js', import.meta.url)
/** MB that remembered proofs may take at most. */
const limit = 100
/** Proofs from which on that is judged: with fewer, the store is not full. */
const enough = 1_000_000
const runs = [{ label: '1 key', keys: 1 }, { label: '1,000 keys', keys: 1_000 }]

/** Has `count` distinct proofs used, of one key and of a thousand, each in a fresh process; resolves with what became of them. */
export async function measureProofs (count) {
  const measured = []
  for (const { label, keys } of runs) {
    const child = await Child.start(file, [JSON.stringify({ count, keys })], ['--expose-gc'])
    try {
      const result = await child.ask('run')
      check(result)
      measured.push({ label, count, ...result })
    } finally {
      child.stop()
    }
  }
  return measured
}

// Proofs that were forgotten, or remembered for nobody's sake, would make the figure a better one than it is.
function check ({ replays, honest, isOver }) {
  if (isOver) throw new Error('the run took longer than proofs are remembered')
  if (replays.refused !== replays.asked) throw new Error(`${replays.asked - replays.refused} of ${replays.asked} accepted proofs were accepted again`)
  if (honest.served !== honest.asked) throw new Error(`${honest.asked - honest.served} of ${honest.asked} first proofs of other clients were refused`)
}

/** Both tables and how they were measured, as Markdown. */
export function renderProofs (measured) {
  const rows = measured.map(({ label, count, statuses, before, after, replays, honest, microseconds }) => {
    const accepted = statuses[200]
    const bytes = used(after) - used(before)
    return [
      `${grouped(count)} of ${label}`, grouped(accepted), grouped(statuses[429] ?? 0), grouped(statuses[503] ?? 0),
      fixed(bytes / 2 ** 20, 1), fixed(bytes / (accepted + honest.served), 0),
      `${grouped(replays.refused)} of ${grouped(replays.asked)}`, `${grouped(honest.served)} of ${grouped(honest.asked)}`, fixed(microseconds, 1)
    ]
  })
  const most = Math.max(...measured.map(({ before, after }) => used(after) - used(before)))
  const isJudged = measured.every(({ count }) => count >= enough)
  const targets = table(['Target', 'Limit', 'Measured', ''], [
    ['heapUsed + external after gc, proofs in memory, MB', `< ${limit}`, fixed(most / 2 ** 20, 1), !isJudged ? 'not judged' : most < limit * 2 ** 20 ? 'held' : 'missed']
  ], [1, 2])
  const head = ['DPoP proofs', 'accepted', '429', '503', 'MB', 'bytes each', 'sent again: refused', 'first of others: served', 'µs each']
  return [table(head, rows, [1, 2, 3, 4, 5, 6, 7, 8]), targets, method].join('\n\n')
}

const used = ({ heapUsed, external }) => heapUsed + external

const method = `Proofs are remembered in memory, with the default room of 500,000. The guard against replays is called with what a checked
proof comes to, no two alike; none is signed, for that would be all the time it takes. After every 10,000 the first proof of
another client comes. At the end up to 20,000 of the accepted ones come again. MB: what heapUsed + external grew by, after
three collections.`
