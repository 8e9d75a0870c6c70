import { setTimeout as sleep } from 'node:timers/promises'
import { expectations } from './expectations.js'
import type { Expectations } from './expectations.js'
import type { Fault } from './faults.js'
import { announced, DEADLINE, mostFailures, mostSuccesses, SLACK } from './pauses.js'
import type { Answer } from './requests.js'
import { sendAt, sendAtOnce, slowest, tally } from './requests.js'
import type { Row } from './rows.js'
import { causeOf, openStage } from './stage.js'
import type { Stage } from './stage.js'
import { forged, tokenOf } from './tokens.js'

/** When bursts of requests start, in milliseconds. What hangs is watched past its deadline. */
const QUICK = [0, 300, 800, 1500, 2500]
const ENDLESS = [0, 1000, 2500, 4000, 5400]
const BURST = 8
/** A request that does not wait for a hanging fetch takes no longer, busy as the machine may be: half of the deadline. */
const PROMPT = 2500

/** Opens an API that holds keys and one that never had any. What it gives back plays the fault to both, in real time. */
export async function prepareOutage (fault: Fault): Promise<() => Promise<Row>> {
  const { provider } = fault
  const [held, cold] = await Promise.all([openStage({ held: true, provider }), openStage({ provider })])
  return async () => {
    const { violations, expect } = expectations()
    try {
      const [one, other] = await Promise.all([withKeys(fault, held, expect), withoutKeys(fault, cold, expect)])
      return {
        title: fault.title,
        known: tally(one.known),
        unknown: tally(one.unknown),
        cold: tally(other.answers),
        fetches: `${one.fetches} / ${other.fetches}`,
        slowest: [one.known, one.unknown, other.answers].map(slowest).join(' / '),
        health: `${one.health.state} / ${other.health.state}: ${[...new Set([causeOf(one.health), causeOf(other.health)])].join(' / ')}`,
        recovery: `${one.recovery} / ${other.recovery}`,
        violations
      }
    } finally {
      await Promise.all([held.close(), cold.close()])
    }
  }
}

type Expect = Expectations['expect']

/** The API's refresh is due; its keys are still good. */
async function withKeys (fault: Fault, stage: Stage, expect: Expect) {
  const { issuer, ask, health } = stage
  await fault.begin(issuer)
  const watch = stopwatch()
  const kinds = [() => tokenOf(issuer), () => forged(issuer)]
  const [known, unknown] = await sendAt(fault.endless ? ENDLESS : QUICK, ask, BURST, kinds) as [Answer[], Answer[]]
  const during = health()
  const fetches = countFetches(fault, stage, watch(), true, expect)

  const isFailing = fault.cause !== undefined
  expect(known.every(({ status }) => status === 200), `tokens of a held key get ${tally(known)}`)
  expect(!fault.endless || slowest(known) < PROMPT, `a token of a held key waits ${slowest(known)} ms`)
  expect(unknown.every(({ status }) => status === (isFailing ? 503 : 401)), `tokens of unknown keys get ${tally(unknown)}`)
  expect(slowest(unknown) < (DEADLINE + SLACK) * 1000, `a token of an unknown key waits ${slowest(unknown)} ms`)
  expect(during.state === (isFailing ? 'stale' : 'fresh'), `with keys held the state is ${during.state}`)
  expect(fault.cause?.test(causeOf(during)) ?? during.lastError === undefined, `with keys held the error is ${causeOf(during)}`)
  checkRetryAfter(fault, unknown, expect)

  const recovery = await recover(fault, stage, 1, () => health().state === 'fresh' && health().lastError === undefined, expect)
  const [again, refused] = await sendAtOnce(ask, BURST, kinds) as [Answer[], Answer[]]
  expect(again.every(({ status }) => status === 200), `after it tokens of a held key get ${tally(again)}`)
  expect(refused.every(({ status }) => status === 401), `after it tokens of unknown keys get ${tally(refused)}`)
  return { known, unknown, fetches, health: during, recovery }
}

/** The API was started while the provider was away. */
async function withoutKeys (fault: Fault, stage: Stage, expect: Expect) {
  const { issuer, ask, health } = stage
  await fault.begin(issuer)
  const watch = stopwatch()
  const [answers] = await sendAt(fault.endless ? ENDLESS : QUICK, ask, BURST, [() => tokenOf(issuer)]) as [Answer[]]
  const during = health()
  const fetches = countFetches(fault, stage, watch(), false, expect)

  const cause = fault.coldCause ?? fault.cause
  expect(answers.every(({ status }) => status === 503), `without keys tokens get ${tally(answers)}`)
  expect(slowest(answers) < (DEADLINE + SLACK) * 1000, `without keys a token waits ${slowest(answers)} ms`)
  expect(during.state === 'away', `without keys the state is ${during.state}`)
  expect(cause?.test(causeOf(during)) === true, `without keys the error is ${causeOf(during)}`)
  checkRetryAfter(fault, answers, expect)

  const recovery = await recover(fault, stage, 0, async () => (await ask(tokenOf(issuer))).status === 200, expect)
  return { answers, fetches, health: during, recovery }
}

function countFetches (fault: Fault, { issuer, health }: Stage, seconds: number, hadKeys: boolean, expect: Expect): string {
  const fetches = health().fetches - (hadKeys ? 1 : 0)
  const requests = issuer.requests.discovery + issuer.requests.jwks
  const most = hadKeys && fault.cause === undefined ? mostSuccesses(seconds) : mostFailures(seconds, fault)
  const name = hadKeys ? 'with keys held' : 'without keys'
  expect(fetches >= 1 && fetches <= most, `${name} there are ${fetches} fetches in ${seconds.toFixed(1)} s, not 1 to ${most}`)
  expect(requests <= 2 * fetches, `${name} ${fetches} fetches make ${requests} requests`)
  const astray = issuer.requests.elsewhere + issuer.requests.other
  expect(astray === 0, `${name} a place that must not be trusted is asked ${astray} times`)
  return `${fetches} (${requests})`
}

function checkRetryAfter ({ retryAfter }: Fault, answers: readonly Answer[], expect: Expect): void {
  const hints = answers.filter(({ status }) => status === 503).map((answer) => answer.retryAfter ?? NaN)
  expect(hints.every((hint) => Number.isInteger(hint) && hint >= 1), `a 503 says Retry-After: ${hints.join(', ')}`)
  if (retryAfter !== undefined) expect(hints[0]! >= retryAfter && hints[0]! <= retryAfter + 1, `the first 503 says Retry-After: ${hints[0]}, not ${retryAfter}`)
}

/** Ends the fault and waits until all is well. `1.2 of 4.5`: seconds, and within how many it must be. */
async function recover (fault: Fault, { issuer, health }: Stage, successes: number, isWell: () => boolean | Promise<boolean>, expect: Expect): Promise<string> {
  if (await isWell()) return 'none needed'
  const limit = announced(health(), successes)
  const watch = stopwatch()
  await fault.end(issuer)
  while (!await isWell()) {
    if (watch() > limit + SLACK + DEADLINE) break
    await sleep(20)
  }
  const took = watch()
  const shown = `${took.toFixed(1)} of ${limit.toFixed(1)}`
  expect(took <= limit + SLACK, `it takes ${shown} s to be back`)
  return shown
}

/** Seconds of real time since it was made. */
function stopwatch (): () => number {
  const began = process.hrtime.bigint()
  return () => Number(process.hrtime.bigint() - began) / 1e9
}
