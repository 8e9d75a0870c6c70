import { setTimeout as sleep } from 'node:timers/promises'
import { expectations } from './expectations.js'
import type { Fault } from './faults.js'
import { AGE, announced, DEADLINE, mostFailures, mostSuccesses } from './pauses.js'
import { tally } from './requests.js'
import type { Answer } from './requests.js'
import { openStage } from './stage.js'
import type { Stage } from './stage.js'
import { forged, tokenOf } from './tokens.js'
import type { VirtualTime } from './virtual-time.js'

/** A fault that lasts ten minutes. */
export interface LongRow {
  readonly title: string
  readonly known: string
  readonly unknown: string
  readonly fetches: string
  readonly recovery: string
  readonly violations: readonly string[]
}

const SECONDS = 600

/** Each second one token of a held key and one of an unknown key; the clock moves a second at a time. */
export async function tenMinutes (fault: Fault, time: VirtualTime): Promise<LongRow> {
  const { violations, expect } = expectations()
  const stage = await openStage({ held: true, provider: fault.provider })
  const { issuer, ask, health } = stage
  try {
    time.advance(AGE + 1)
    await fault.begin(issuer)
    const known: Answer[] = []
    const asked: Array<Promise<Answer>> = []
    for (let second = 0; second < SECONDS; second++) {
      known.push(await ask(tokenOf(issuer)))
      const answer = ask(forged(issuer))
      asked.push(answer)
      // What hangs gets its answer when the clock has moved on.
      if (!fault.endless) {
        await answer
        await stage.settled()
      }
      time.advance(1)
    }
    const fetches = health().fetches - 1
    const most = fault.cause === undefined ? mostSuccesses(SECONDS) : mostFailures(SECONDS, fault)
    const unknown = await answersTo(asked, time)
    const recovery = await recover(fault, stage, time)
    expect(known.every(({ status }) => status === 200), `tokens of a held key get ${tally(known)}`)
    expect(unknown.every(({ status }) => status === (fault.cause === undefined ? 401 : 503)), `tokens of unknown keys get ${tally(unknown)}`)
    expect(fetches >= 1 && fetches <= most, `there are ${fetches} fetches, not 1 to ${most}`)
    expect(recovery.took <= recovery.limit + 1, `it takes ${recovery.took} s to be back, not ${recovery.limit}`)
    return {
      title: fault.title,
      known: tally(known),
      unknown: tally(unknown),
      fetches: `${fetches} of ${most}`,
      recovery: recovery.limit === 0 ? 'none needed' : `${recovery.took} of ${recovery.limit}`,
      violations
    }
  } finally {
    await stage.close()
  }
}

/** Moves the clock on until the last of them is there, so that none is asked in the fault and answered after it. */
async function answersTo (asked: ReadonlyArray<Promise<Answer>>, time: VirtualTime): Promise<Answer[]> {
  let isDone = false
  const answers = Promise.all(asked).finally(() => { isDone = true })
  for (let second = 0; second < 2 * DEADLINE; second++) {
    await sleep(20)
    if (isDone) break
    time.advance(1)
  }
  return answers
}

/** Seconds until all is well, and within how many it must be. */
async function recover (fault: Fault, stage: Stage, time: VirtualTime): Promise<{ took: number, limit: number }> {
  const { issuer, ask, health } = stage
  const isWell = () => health().state === 'fresh'
  const limit = isWell() ? 0 : announced(health(), 1)
  await fault.end(issuer)
  const { fetches } = health()
  let took = 0
  while (!isWell() && took < limit + 10) {
    time.advance(1)
    took++
    await ask(tokenOf(issuer))
    // What hung when the fault ended hangs until its deadline.
    if (!fault.endless || health().fetches > fetches) await stage.settled()
  }
  return { took, limit: Math.ceil(limit) }
}
