import { expectations } from './expectations.js'
import { sendAt, sendAtOnce, slowest, tally } from './requests.js'
import type { Answer } from './requests.js'
import type { Row } from './rows.js'
import { causeOf, openStage } from './stage.js'
import { forged, tokenOf } from './tokens.js'
import type { VirtualTime } from './virtual-time.js'

/** A leap of the process's clocks. */
export interface Jump {
  readonly title: string
  leap (time: VirtualTime): void
  /** Undone afterwards, where it can be. */
  return?: (time: VirtualTime) => void
  /** What a token gets that was accepted before and lives for an hour. */
  readonly hourlong: 200 | 401
  /** Fetches it may cause, beside the one for the unknown keys. */
  readonly fetches: 0 | 1
}

const DAY = 86_400

export const jumps: readonly Jump[] = [
  {
    title: 'wall clock a day forward',
    leap: (time) => time.setWall(DAY),
    return: (time) => time.setWall(-DAY),
    hourlong: 401,
    fetches: 0
  },
  {
    title: 'wall clock a day back',
    leap: (time) => time.setWall(-DAY),
    return: (time) => time.setWall(DAY),
    hourlong: 200,
    fetches: 0
  },
  {
    title: 'the process sleeps for two hours',
    leap: (time) => time.advance(7200),
    hourlong: 401,
    fetches: 1
  }
]

/** The provider is well all the time: what is measured is that time alone spoils nothing. */
export async function clockJump (jump: Jump, time: VirtualTime): Promise<Row> {
  const { violations, expect } = expectations()
  const stage = await openStage({ held: true })
  const start = await openStage({ issuer: stage.issuer })
  const { issuer, ask, health } = stage
  try {
    const hourlong = issuer.token()
    expect((await ask(hourlong)).status === 200, 'a good token is refused before the jump')
    jump.leap(time)
    const again = await ask(hourlong)
    const [known, unknown] = await sendAt([0, 30, 60, 90, 120], ask, 8, [() => tokenOf(issuer), () => forged(issuer)]) as [Answer[], Answer[]]
    const [cold] = await sendAt([0, 30, 60, 90, 120], start.ask, 8, [() => tokenOf(issuer)]) as [Answer[]]
    const during = health()
    const fetches = during.fetches - 1
    jump.return?.(time)
    const [after] = await sendAtOnce(ask, 8, [() => tokenOf(issuer)]) as [Answer[]]

    expect(again.status === jump.hourlong, `a token of before that lives for an hour gets ${again.status}, not ${jump.hourlong}`)
    expect(known.every(({ status }) => status === 200), `tokens of a held key get ${tally(known)}`)
    expect(unknown.every(({ status }) => status === 401), `tokens of unknown keys get ${tally(unknown)}`)
    expect(cold.every(({ status }) => status === 200), `without keys tokens get ${tally(cold)}`)
    expect(fetches <= jump.fetches + 1, `there are ${fetches} fetches, not ${jump.fetches + 1} at most`)
    expect(during.state === 'fresh', `the state is ${during.state}`)
    expect(after.every(({ status }) => status === 200), `after it tokens get ${tally(after)}`)
    return {
      title: jump.title,
      known: `${tally(known)}; of before, for an hour ${again.status}`,
      unknown: tally(unknown),
      cold: tally(cold),
      fetches: `${fetches} / ${start.health().fetches}`,
      slowest: [known, unknown, cold].map(slowest).join(' / '),
      health: `${during.state}: ${causeOf(during)}`,
      recovery: jump.return === undefined ? '' : `clock put right ${tally(after)}`,
      violations
    }
  } finally {
    await start.close()
    await stage.close()
  }
}
