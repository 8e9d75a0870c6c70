import { race } from './race.js'

const usage = `Usage: npm run replay -- [count]

  count      proofs, 10000 unless told

Starts Redis and two processes of an API that share it, sends each proof to both at once, and ends with code 1 unless each
was accepted exactly once.`

async function main (count: number): Promise<boolean> {
  const ends: Array<() => unknown> = []
  try {
    const { once, otherwise, accepted, milliseconds } = await race({ teardown: (end) => ends.unshift(end) }, count)
    const others = Array.from(otherwise, ([kind, times]) => `; ${times} times ${kind}`).join('')
    console.log(`${once} of ${count} proofs accepted exactly once, ${accepted[0]} by one process and ${accepted[1]} by the other, in ${(milliseconds / 1000).toFixed(1)} s${others}`)
    return once === count
  } finally {
    for (const end of ends) await end()
  }
}

const [given = '10000', ...rest] = process.argv.slice(2)
if (!/^[1-9]\d{0,6}$/.test(given) || rest.length > 0) {
  console.log(usage)
  process.exitCode = given === '--help' ? 0 : 1
} else {
  process.exitCode = await main(Number(given)) ? 0 : 1
}
