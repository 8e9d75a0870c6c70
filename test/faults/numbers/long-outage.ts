import { expectations } from '../expectations.js'
import { AGE, longestPause, mostFailures, STALE } from '../pauses.js'
import { tally } from '../requests.js'
import type { Answer } from '../requests.js'
import type { Check } from '../rows.js'
import { openStage } from '../stage.js'
import { tokenOf } from '../tokens.js'
import type { VirtualTime } from '../virtual-time.js'

/** The key server answers 500 for ever; a request each second, then every ten seconds up to the bound. */
export async function longOutage (time: VirtualTime): Promise<Check> {
  const { violations, expect } = expectations()
  const stage = await openStage({ held: true })
  const { issuer, ask, health } = stage
  try {
    issuer.behave('status-500')
    const first = await step(AGE, 1)
    const fetches = health().fetches - 1
    const rest = await step(STALE - 620, 10)
    time.advance(10)
    const last = await ask(tokenOf(issuer))
    time.advance(11)
    const past = await ask(tokenOf(issuer))
    issuer.behave('answer')
    const back = await recover()

    expect(first.every(({ status }) => status === 200), `in ten minutes of outage they get ${tally(first)}`)
    expect([...rest, last].every(({ status }) => status === 200), `up to the bound they get ${tally([...rest, last])}`)
    expect(past.status === 503 && past.retryAfter !== undefined, `past the bound it is ${past.status}, Retry-After: ${past.retryAfter}`)
    const most = mostFailures(AGE)
    expect(fetches <= most, `in ten minutes of outage there are ${fetches} fetches, not ${most} at most`)
    expect(past.retryAfter! <= longestPause(7), `Retry-After is ${past.retryAfter} s`)
    expect(back <= past.retryAfter!, `it is back after ${back} s, not ${past.retryAfter}`)
    return {
      title: 'ten minutes of outage with keys held; past their age and an hour; then the provider is back',
      measured: `${tally(first)}, ${fetches} fetches; up to the bound ${tally([...rest, last])}, past it ${past.status}; back after ${back} s, announced ${past.retryAfter}`,
      expected: `200 throughout, ${most} fetches at most, 503 past the bound, back within one step of the back-off`,
      violations
    }
  } finally {
    await stage.close()
  }

  async function step (seconds: number, width: number): Promise<Answer[]> {
    if (health().failures === 0) time.advance(AGE)
    const answers: Answer[] = []
    for (let passed = 0; passed < seconds; passed += width) {
      answers.push(await ask(tokenOf(issuer)))
      await stage.settled()
      time.advance(width)
    }
    return answers
  }

  async function recover (): Promise<number> {
    for (let second = 0; second < 120; second++) {
      if ((await ask(tokenOf(issuer))).status === 200) return second
      time.advance(1)
    }
    return Infinity
  }
}
