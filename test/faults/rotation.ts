import type { IssuerKey, TestIssuer } from '../support/issuer.js'
import { expectations } from './expectations.js'
import { AGE, COOLDOWN } from './pauses.js'
import { sendAt, sendAtOnce, slowest, tally } from './requests.js'
import type { Answer } from './requests.js'
import type { Row } from './rows.js'
import { causeOf, openStage } from './stage.js'
import type { Stage } from './stage.js'
import { forged, tokenOf } from './tokens.js'
import type { VirtualTime } from './virtual-time.js'

const TIMES = [0, 30, 60, 90, 120]
const BURST = 8

/** Each under the name `--only` knows it by. */
export const rotations: ReadonlyArray<{ title: string, play (time: VirtualTime): Promise<Row> }> = [
  { title: 'key rotation', play: rotation },
  { title: 'rotation back', play: rotationBack }
]

/** A second key is published beside the first: nothing is due, its tokens alone bring it. */
async function rotation (): Promise<Row> {
  const { violations, expect } = expectations()
  const stage = await openStage({ held: true })
  try {
    const { first, second } = await addKey(stage.issuer)
    const { known, added, unknown, cold, coldFetches } = await requests(stage, first, second)
    const fetches = stage.health().fetches - 1
    expect(known.every(({ status }) => status === 200), `tokens of the first key get ${tally(known)}`)
    expect(added.every(({ status }) => status === 200), `tokens of the new key get ${tally(added)}`)
    expect(unknown.every(({ status }) => status === 401), `tokens of unknown keys get ${tally(unknown)}`)
    expect(cold.every(({ status }) => status === 200), `without keys tokens get ${tally(cold)}`)
    expect(fetches === 1 && coldFetches === 1, `there are ${fetches} and ${coldFetches} fetches, not 1 and 1`)
    return {
      title: 'key rotation: a new key beside the old',
      known: tally(known),
      unknown: `${tally(unknown)}; new key ${tally(added)}`,
      cold: tally(cold),
      fetches: `${fetches} / ${coldFetches}`,
      slowest: [known, [...added, ...unknown], cold].map(slowest).join(' / '),
      health: healthOf(stage),
      recovery: '',
      violations
    }
  } finally {
    await stage.close()
  }
}

/** The new key is withdrawn and the refresh falls due; then it comes back. */
async function rotationBack (time: VirtualTime): Promise<Row> {
  const { violations, expect } = expectations()
  const stage = await openStage({ held: true })
  const { issuer, ask, health } = stage
  try {
    const { first, second } = await addKey(issuer)
    const seen = tokenOf(issuer, second)
    expect((await ask(seen)).status === 200, 'the new key does not work')
    issuer.published = [first.jwk]
    const before = health().fetches
    time.advance(AGE - 20)
    await ask(tokenOf(issuer, first))
    await stage.settled()
    const { known, added, unknown, cold, coldFetches } = await requests(stage, first, second)
    const again = await ask(seen)
    const fetches = health().fetches - before

    issuer.published = [second.jwk, first.jwk]
    time.advance(COOLDOWN + 1)
    const [back, refused] = await sendAtOnce(ask, BURST, [() => tokenOf(issuer, second), () => forged(issuer)]) as [Answer[], Answer[]]
    expect(known.every(({ status }) => status === 200), `tokens of the first key get ${tally(known)}`)
    expect([...added, again].every(({ status }) => status === 401), `tokens of the withdrawn key get ${tally([...added, again])}`)
    expect(unknown.every(({ status }) => status === 401), `tokens of unknown keys get ${tally(unknown)}`)
    expect(cold.every(({ status }) => status === 200), `without keys tokens get ${tally(cold)}`)
    expect(fetches <= 2 && coldFetches <= 2, `there are ${fetches} and ${coldFetches} fetches, not 2 at most`)
    expect(back.every(({ status }) => status === 200), `when it is back its tokens get ${tally(back)}`)
    expect(refused.every(({ status }) => status === 401), `after that tokens of unknown keys get ${tally(refused)}`)
    return {
      title: 'rotation back: the new key withdrawn',
      known: tally(known),
      unknown: `${tally(unknown)}; new key ${tally([...added, again])}`,
      cold: tally(cold),
      fetches: `${fetches} / ${coldFetches}`,
      slowest: [known, [...added, ...unknown], cold].map(slowest).join(' / '),
      health: healthOf(stage),
      recovery: `new key again ${tally(back)}`,
      violations
    }
  } finally {
    await stage.close()
  }
}

async function addKey (issuer: TestIssuer): Promise<{ first: IssuerKey, second: IssuerKey }> {
  const first = issuer.keys[0]!
  const second = await issuer.rotate()
  issuer.published = [second.jwk, first.jwk]
  return { first, second }
}

/** The same to an API that holds keys and to one that has just started. */
async function requests ({ issuer, ask }: Stage, first: IssuerKey, second: IssuerKey) {
  const start = await openStage({ issuer })
  try {
    const kinds = [() => tokenOf(issuer, first), () => tokenOf(issuer, second), () => forged(issuer)]
    const [known, added, unknown] = await sendAt(TIMES, ask, BURST, kinds) as [Answer[], Answer[], Answer[]]
    const [cold] = await sendAt(TIMES, start.ask, BURST, [kinds[0]!]) as [Answer[]]
    return { known, added, unknown, cold, coldFetches: start.health().fetches }
  } finally {
    await start.close()
  }
}

function healthOf ({ health }: Stage): string {
  return `${health().state}: ${causeOf(health())}`
}
