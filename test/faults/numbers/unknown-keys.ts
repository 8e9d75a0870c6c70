import { expectations } from '../expectations.js'
import { COOLDOWN } from '../pauses.js'
import { sendAtOnce, tally } from '../requests.js'
import type { Answer } from '../requests.js'
import type { Check } from '../rows.js'
import { openStage } from '../stage.js'
import { forged, tokenOf } from '../tokens.js'
import type { VirtualTime } from '../virtual-time.js'

export async function firstRequests (): Promise<Check> {
  const { violations, expect } = expectations()
  const { issuer, ask, close } = await openStage({ connections: 50 })
  try {
    const [answers] = await sendAtOnce(ask, 50, [() => tokenOf(issuer)]) as [Answer[]]
    const { discovery, jwks } = issuer.requests
    expect(answers.every(({ status }) => status === 200), `they get ${tally(answers)}`)
    expect(discovery === 1 && jwks === 1, `the server sees ${discovery} and ${jwks}`)
    return {
      title: '50 concurrent first requests',
      measured: `${tally(answers)}; requests for the discovery document ${discovery}, for the key set ${jwks}`,
      expected: '1 of each',
      violations
    }
  } finally {
    await close()
  }
}

/** The clock stands still. */
export async function forgedAtOnce (): Promise<Check> {
  return forgedKids('10,000 forged key ids from 50 connections, at one moment', 10_000, 1, () => {})
}

/** The clock moves by a tenth of a cooldown after each burst of 50. */
export async function forgedOverTime (time: VirtualTime): Promise<Check> {
  const bursts = 10_000 / 50
  const seconds = bursts * COOLDOWN / 10
  // One more: the refresh in the background.
  return forgedKids(`10,000 forged key ids from 50 connections, in ${seconds} s`, 10_000, seconds / COOLDOWN + 1, () => time.advance(COOLDOWN / 10))
}

async function forgedKids (title: string, count: number, most: number, afterBurst: () => void): Promise<Check> {
  const { violations, expect } = expectations()
  const { issuer, ask, close } = await openStage({ held: true, connections: 50 })
  try {
    const answers: Answer[] = []
    while (answers.length < count) {
      const [burst] = await sendAtOnce(ask, 50, [() => forged(issuer)]) as [Answer[]]
      answers.push(...burst)
      afterBurst()
    }
    const { jwks } = issuer.requests
    expect(answers.every(({ status }) => status === 401), `they get ${tally(answers)}`)
    expect(jwks >= 1 && jwks <= most, `the key set is fetched ${jwks} times`)
    expect((await ask(tokenOf(issuer))).status === 200, 'a good token is refused after them')
    return { title, measured: `${tally(answers)}; requests for the key set ${jwks}`, expected: `${most} at most`, violations }
  } finally {
    await close()
  }
}
