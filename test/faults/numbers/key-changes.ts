import { createKey } from '../../support/issuer.js'
import type { IssuerKey } from '../../support/issuer.js'
import { expectations } from '../expectations.js'
import { AGE, DEADLINE } from '../pauses.js'
import type { Check } from '../rows.js'
import { openStage, settled } from '../stage.js'
import type { Stage } from '../stage.js'
import { tokenOf } from '../tokens.js'
import type { VirtualTime } from '../virtual-time.js'

/** The key leaves the set right after a fetch, which is the worst moment. A request each second. */
export async function removedKey (time: VirtualTime, headers: Record<string, string>, age: number): Promise<Check> {
  const { violations, expect } = expectations()
  const stage = await openStage({ held: true, headers })
  const { issuer } = stage
  try {
    const removed = issuer.keys[0]!
    const seen = tokenOf(issuer, removed)
    const stays = await issuer.rotate()
    const took = await secondsUntil(stage, time, 401, seen)
    const fresh = await stage.ask(tokenOf(issuer, removed))
    expect(took <= age + DEADLINE, `it is accepted for ${took} s`)
    expect(fresh.status === 401, `a token not seen before gets ${fresh.status}`)
    expect((await stage.ask(tokenOf(issuer, stays))).status === 200, 'the key that took its place does not work')
    const named = Object.values(headers)[0]
    return {
      title: `a removed key, tokens seen before included${named === undefined ? '' : ` (${named})`}`,
      measured: `refused after ${took} s`,
      expected: `${age + DEADLINE} s at most`,
      violations
    }
  } finally {
    await stage.close()
  }
}

/** For a while the server publishes somebody else's key, under the key id of the right one. */
export async function poisonedSet (time: VirtualTime): Promise<Check> {
  const { violations, expect } = expectations()
  const stage = await openStage({ held: true })
  const { issuer, ask } = stage
  try {
    const right = issuer.keys[0]!
    const wrong: IssuerKey = await createKey('ES256', { kid: right.kid })
    issuer.published = [wrong.jwk]
    const forgery = tokenOf(issuer, wrong)
    const poisoned = await secondsUntil(stage, time, 200, forgery)
    issuer.published = [right.jwk]
    const healed = await secondsUntil(stage, time, 401, forgery)
    const [unseen, good] = [await ask(tokenOf(issuer, wrong)), await ask(tokenOf(issuer, right))]
    expect(poisoned < AGE, `the wrong set is not fetched for ${poisoned} s: nothing was tried`)
    expect(healed <= AGE + DEADLINE, `a wrong key's token is accepted for ${healed} s`)
    expect(unseen.status === 401, `a wrong key's token not seen before gets ${unseen.status}`)
    expect(good.status === 200, `a right key's token gets ${good.status}`)
    return {
      title: 'a poisoned set, same key id',
      measured: `wrong keys refused ${healed} s after the set is right, right ones ${good.status}`,
      expected: `${AGE + DEADLINE} s at most`,
      violations
    }
  } finally {
    await stage.close()
  }
}

/** The wrong key has a key id of its own: a right token then names an unknown key, and brings the right set itself. */
export async function replacedSet (time: VirtualTime): Promise<Check> {
  const { violations, expect } = expectations()
  const stage = await openStage({ held: true })
  const { issuer, ask } = stage
  try {
    const right = issuer.keys[0]!
    const wrong = await createKey('ES256')
    issuer.published = [wrong.jwk]
    const forgery = tokenOf(issuer, wrong)
    const during = [await ask(forgery), await ask(tokenOf(issuer, right))].map(({ status }) => status)
    issuer.published = [right.jwk]
    const took = await secondsUntil(stage, time, 200, tokenOf(issuer, right))
    const after = await ask(forgery)
    expect(during.join() === '200,401', `while it lasts wrong and right tokens get ${during.join()}`)
    expect(took <= 31, `right tokens are refused for ${took} s`)
    expect(after.status === 401, `a wrong key's token gets ${after.status}`)
    return {
      title: 'a poisoned set, another key id',
      measured: `right keys accepted ${took} s after the set is right, wrong ones ${after.status}`,
      expected: '31 s at most',
      violations
    }
  } finally {
    await stage.close()
  }
}

/** Sends the token each second until it gets this status. */
async function secondsUntil (stage: Stage, time: VirtualTime, status: number, token: string): Promise<number> {
  for (let second = 0; second < 2 * AGE; second++) {
    if ((await stage.ask(token)).status === status) return second
    await settled(stage)
    time.advance(1)
  }
  return Infinity
}
