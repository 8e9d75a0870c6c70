import { randomUUID } from 'node:crypto'
import type { Behaviour } from '../../support/issuer.js'
import { listen } from '../../support/issuer/server.js'
import { expectations } from '../expectations.js'
import { AGE, mostFailures } from '../pauses.js'
import type { Check } from '../rows.js'
import { openStage } from '../stage.js'
import { forged, tokenOf } from '../tokens.js'
import type { VirtualTime } from '../virtual-time.js'

/** Seconds the server asks us to stay away. */
const SAID = 120

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
    await held.settled()
    await held.ask(forged(issuer))
    await cold.ask(tokenOf(issuer))
  }

  function fetchesSince (before: number[]): number[] {
    return stages.map(({ health }, index) => health().fetches - before[index]!)
  }
}

/** Only the discovery document asks us to stay away; the key set, whose address is known, fails without a word about when. */
export async function discoveryAway (time: VirtualTime): Promise<Check> {
  const { violations, expect } = expectations()
  const stage = await openStage({ held: true })
  const { issuer, ask, health, settled } = stage
  try {
    issuer.behave('status-429', 'discovery')
    issuer.behave('status-500', 'jwks')
    issuer.retryAfter = SAID
    // The refresh that is due goes to the key set alone and fails; the next fetch asks for the document again.
    time.advance(AGE - 20)
    const statuses = new Set<number>()
    const seconds = await secondsUntil(() => issuer.requests.discovery > 0, 10)
    const before = health().fetches
    const inside = await requestsIn(SAID - 1)
    const fetches = health().fetches - before
    const after = await secondsUntil(() => issuer.requests.discovery > 1, 62)
    expect(seconds < Infinity, 'the document is never asked for: nothing was tried')
    expect(inside === 0, `there are ${inside} requests for the document before that`)
    expect(fetches >= 1 && fetches <= mostFailures(SAID), `the key set is tried ${fetches} times, not 1 to ${mostFailures(SAID)}`)
    expect(after < Infinity, 'the document is not asked for after that')
    expect([...statuses].join() === '200', `tokens of a held key get ${[...statuses].join()}`)
    return {
      title: `discovery alone answers 429 with Retry-After: ${SAID}, the key set 500, with keys held`,
      measured: `${inside} requests for the document in ${SAID - 1} s, the next one ${SAID - 1 + after} s after the first; the key set tried ${fetches} times meanwhile`,
      expected: `0 in the first ${SAID} s; the key set ${mostFailures(SAID)} times at most`,
      violations
    }

    async function requestsIn (count: number): Promise<number> {
      const { discovery } = issuer.requests
      for (let second = 1; second <= count; second++) await step()
      return issuer.requests.discovery - discovery
    }

    async function secondsUntil (isSo: () => boolean, most: number): Promise<number> {
      for (let second = 0; second <= most; second++) {
        if (isSo()) return second
        await step()
      }
      return Infinity
    }

    async function step (): Promise<void> {
      time.advance(1)
      statuses.add((await ask(tokenOf(issuer))).status)
      await settled()
      await ask(forged(issuer))
    }
  } finally {
    await stage.close()
  }
}

/** Neither discovery document is there, and the server says when it may be. */
export async function absentDocuments (time: VirtualTime): Promise<Check> {
  const { violations, expect } = expectations()
  let requests = 0
  const server = await listen((_, response) => {
    requests++
    response.writeHead(404, { 'retry-after': String(SAID) }).end()
  })
  const stage = await openStage({ provider: () => ({ issuer: server.origin }) })
  const ask = () => stage.ask(stage.issuer.token({ iss: server.origin, jti: randomUUID() }))
  try {
    const first = await ask()
    const documents = requests
    for (let second = 1; second < SAID; second++) {
      time.advance(1)
      await ask()
    }
    const inside = requests - documents
    time.advance(2)
    const last = await ask()
    const after = requests - documents - inside
    expect(documents === 2, `at first ${documents} documents are asked for`)
    expect(first.status === 503 && first.retryAfter === SAID, `the answer is ${first.status}, Retry-After: ${first.retryAfter}`)
    expect(inside === 0, `there are ${inside} requests before that`)
    expect(after === 2 && last.status === 503, `after that there are ${after} requests, and the answer is ${last.status}`)
    return {
      title: `both discovery documents answer 404 with Retry-After: ${SAID}, from a cold start`,
      measured: `${documents} requests at first, ${inside} before that time, ${after} after it; 503 with Retry-After: ${first.retryAfter}`,
      expected: `0 in the first ${SAID} s`,
      violations
    }
  } finally {
    await stage.close()
    await server.close()
  }
}
