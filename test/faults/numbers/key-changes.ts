import { randomUUID } from 'node:crypto'
import { createIssuer, createKey } from '../../support/issuer.js'
import type { IssuerKey } from '../../support/issuer.js'
import { expectations } from '../expectations.js'
import { AGE, DEADLINE } from '../pauses.js'
import { sendAtOnce, tally } from '../requests.js'
import type { Answer } from '../requests.js'
import type { Check } from '../rows.js'
import { openStage } from '../stage.js'
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
    const before = await stage.ask(seen)
    const stays = await issuer.rotate()
    const took = await secondsUntil(stage, time, 401, seen)
    const fresh = await stage.ask(tokenOf(issuer, removed))
    expect(before.status === 200, `before it is removed a token of it gets ${before.status}`)
    expect(took > 0, 'it is refused at once: nothing was tried')
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
    expect(healed > 0, 'wrong keys are refused before the right set can be known: nothing was tried')
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

/**
 * The only key of a set gives way to another, and the ids do not tell: keys have none, or tokens, or both. The clock
 * stands still, and nothing is due for 57 minutes.
 */
export async function replacedGuess (idsOf: 'keys' | 'tokens' | 'nobody'): Promise<Check> {
  const { violations, expect } = expectations()
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  const old = issuer.keys[0]!
  const publish = ({ jwk }: IssuerKey) => { issuer.published = [idsOf === 'keys' ? jwk : { ...jwk, kid: undefined }] }
  const tokenBy = (key: IssuerKey) => issuer.token({ jti: randomUUID() }, idsOf === 'tokens' ? {} : { kid: undefined }, key)
  publish(old)
  const stage = await openStage({ held: true, issuer, headers: { 'cache-control': 'max-age=3600' } })
  const { ask, health } = stage
  try {
    const seen = tokenBy(old)
    const before = await ask(seen)
    const successor = await issuer.rotate()
    publish(successor)
    const held = health().fetches
    const [accepted] = await sendAtOnce(ask, 8, [() => tokenBy(successor)]) as [Answer[]]
    const again = await ask(seen)
    const [refused] = await sendAtOnce(ask, 8, [() => tokenBy(old)]) as [Answer[]]
    const fetches = health().fetches - held
    expect(before.status === 200, `before it is replaced a token of the old key gets ${before.status}`)
    expect(accepted.every(({ status }) => status === 200), `tokens of the new key get ${tally(accepted)}`)
    expect([again, ...refused].every(({ status }) => status === 401), `tokens of the old key get ${again.status} if seen before, else ${tally(refused)}`)
    expect(fetches === 1, `there are ${fetches} fetches`)
    return {
      title: `a set of one key${idsOf === 'keys' ? '' : ' without kid'} is replaced by another; tokens with${idsOf === 'tokens' ? '' : 'out'} kid (max-age=3600)`,
      measured: `new key ${tally(accepted)}, old key ${tally([again, ...refused])}; ${fetches} ${fetches === 1 ? 'fetch' : 'fetches'}`,
      expected: 'new key 200 at once, old key 401; 1 fetch',
      violations
    }
  } finally {
    await stage.close()
    await issuer.close()
  }
}

/** Sends the token each second until it gets this status. */
async function secondsUntil (stage: Stage, time: VirtualTime, status: number, token: string): Promise<number> {
  for (let second = 0; second < 2 * AGE; second++) {
    if ((await stage.ask(token)).status === status) return second
    await stage.settled()
    time.advance(1)
  }
  return Infinity
}
