import type { Behaviour } from '../../support/issuer.js'
import { expectations } from '../expectations.js'
import { AGE } from '../pauses.js'
import type { Check } from '../rows.js'
import { openStage, settled } from '../stage.js'
import { forged, tokenOf } from '../tokens.js'
import type { VirtualTime } from '../virtual-time.js'

/** The server asks us to stay away for so long; known and unknown keys, and a cold start, all heed it. */
export async function retryAfter (time: VirtualTime, mode: Behaviour & `status-${number}`, said: number, meant: number): Promise<Check> {
  const { violations, expect } = expectations()
  const held = await openStage({ held: true })
  const { issuer } = held
  const cold = await openStage({ issuer })
  const stages = [held, cold]
  try {
    issuer.behave(mode)
    issuer.retryAfter = said
    time.advance(AGE - 20)
    await ask()
    const planned = stages.map(({ health }) => health().nextRefresh)
    const hint = (await cold.ask(tokenOf(issuer))).retryAfter
    const before = stages.map(({ health }) => health().fetches)
    for (let second = 1; second < meant; second++) {
      time.advance(1)
      await ask()
    }
    const inside = fetchesSince(before)
    time.advance(Math.max(...planned.map((seconds = 0) => seconds)) - meant + 2)
    await ask()
    const after = fetchesSince(before)
    expect(planned.every((seconds = 0) => seconds >= meant && seconds <= meant * 1.1), `the next refresh is announced in ${planned.join(' and ')} s`)
    expect(hint !== undefined && hint >= meant && hint <= meant * 1.1, `a cold start's 503 says Retry-After: ${hint}`)
    expect(inside.every((count) => count === 0), `there are ${inside.join(' and ')} fetches before that`)
    expect(after.every((count) => count >= 1), `there are ${after.join(' and ')} fetches after that`)
    return {
      title: `${mode.replace('-', ' ')} with Retry-After: ${said}, with keys held and without`,
      measured: `${inside.join(' and ')} fetches before that time, ${after.join(' and ')} after it; next refresh in ${planned.join(' and ')} s`,
      expected: `0 in the first ${meant} s`,
      violations
    }
  } finally {
    await cold.close()
    await held.close()
  }

  async function ask (): Promise<void> {
    await held.ask(tokenOf(issuer))
    await settled(held)
    await held.ask(forged(issuer))
    await cold.ask(tokenOf(issuer))
  }

  function fetchesSince (before: number[]): number[] {
    return stages.map(({ health }, index) => health().fetches - before[index]!)
  }
}
