// npm run faults [-- --only name] [-- --write]
import { parseArgs } from 'node:util'
import { clockJump, jumps } from './clock-jumps.js'
import { faults } from './faults.js'
import { collectGarbage } from './garbage.js'
import { leapingClock } from './leaping-clock.js'
import { numbers } from './numbers/index.js'
import { prepareOutage } from './outage.js'
import { renderPage } from './page.js'
import { AGE } from './pauses.js'
import { rotations } from './rotation.js'
import type { Check, Row } from './rows.js'
import { tenMinutes } from './ten-minutes.js'
import type { LongRow } from './ten-minutes.js'
import { virtualTime } from './virtual-time.js'
import type { VirtualTime } from './virtual-time.js'

const { values: { only = '', write = false } } = parseArgs({ options: { only: { type: 'string' }, write: { type: 'boolean' } } })

await main()

async function main (): Promise<void> {
  if (write && only !== '') throw new Error('--write is for the whole suite')
  const rows = await outages()
  const time = virtualTime()
  try {
    rows.push(...await changes(time))
    const long = await inTurn(chosen(faults), (fault) => tenMinutes(fault, time))
    const checks = await inTurn(chosen(numbers), ({ run }) => run(time))
    await report(rows, long, checks)
  } finally {
    time.restore()
  }
}

/** Six at a time, for most of it is waiting; more would wait for each other. */
async function outages (): Promise<Row[]> {
  const clock = leapingClock()
  const stop = collectGarbage()
  try {
    const plays = await Promise.all(chosen(faults).map(prepareOutage))
    clock.leap((AGE + 1) * 1000)
    return await atMost(6, plays)
  } finally {
    stop()
    clock.restore()
  }
}

/** The clock is the whole process's, so one by one. */
async function changes (time: VirtualTime): Promise<Row[]> {
  return [
    ...await inTurn(chosen(rotations), ({ play }) => play(time)),
    ...await inTurn(chosen(jumps), (jump) => clockJump(jump, time))
  ]
}

async function report (rows: Row[], long: LongRow[], checks: Check[]): Promise<void> {
  const all = [...rows, ...long, ...checks]
  if (all.length === 0) throw new Error(`nothing is called ${only}: ${[...faults, ...rotations, ...jumps, ...numbers].map(({ title }) => title).join('; ')}`)
  const page = renderPage(rows, long, checks)
  console.log(page)
  for (const { title, violations } of all) {
    for (const violation of violations) console.error(`\n${title}: ${violation}`)
  }
  if (all.some(({ violations }) => violations.length > 0)) process.exitCode = 1
  if (!write) return
  const { href } = new URL('../../benchmarks/results-page.js', import.meta.url)
  const { writeSections }: { writeSections (sections: Record<string, string>): void } = await import(href)
  writeSections({ Faults: page })
}

function chosen<T extends { readonly title: string }> (list: readonly T[]): T[] {
  return list.filter(({ title }) => title.toLowerCase().includes(only.toLowerCase()))
}

async function inTurn<T, R> (list: readonly T[], play: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const item of list) results.push(await play(item))
  return results
}

/** Plays all of them, so many at a time. */
async function atMost<R> (count: number, plays: ReadonlyArray<() => Promise<R>>): Promise<R[]> {
  const results: R[] = []
  const waiting = plays.entries()
  await Promise.all(Array.from({ length: count }, async () => {
    for (const [index, play] of waiting) results[index] = await play()
  }))
  return results
}
