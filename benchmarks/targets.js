import { spread } from './statistics.js'

/** CPU of a cell over its baseline, by round. */
export const overhead = (rounds, id) => rounds.map(({ [id]: { own, base } }) => own - base)

/** Overhead of a cell as a multiple of the overhead of the raw verification, by round. */
export const timesRaw = (rounds, id) => rounds.map(({ [id]: { own, base }, raw }) => {
  const one = raw.own - raw.base
  if (!(one > 0)) throw new Error(`crypto.verify alone cost ${one} µs over a bare route: too few requests, or a busy machine`)
  return (own - base) / one
})

const over = (id) => (rounds) => overhead(rounds, id)
const timesVerify = (rounds) => timesRaw(rounds, 'ours')
const timesServed = (rounds) => rounds.map(({ ours, served }) => ours.own / served.own)
const timesBare = (rounds) => rounds.map(({ ours }) => ours.own / ours.base)
/** An unknown key id may cause one fetch in so many seconds. */
const pause = 30

const targets = [
  { scenario: 'seen', text: 'Token seen before, µs over bare', limit: 2, values: over('ours') },
  { scenario: 'thousand', text: '1,000 tokens in turn, µs over bare', limit: 2.5, values: over('ours') },
  { scenario: 'opaque', text: 'Opaque token seen before, µs over bare', limit: 3, values: over('opaque') },
  { scenario: 'apikey', text: 'API key seen before, µs over bare', limit: 3, values: over('apiKey') },
  { scenario: 'session', text: 'Session cookie seen before, µs over bare', limit: 3, values: over('session') },
  { scenario: 'rs256', text: 'Token never seen, RS256, x verify', limit: 1.35, values: timesVerify },
  { scenario: 'es256', text: 'Token never seen, ES256, x verify', limit: 1.15, values: timesVerify },
  { scenario: 'eddsa', text: 'Token never seen, EdDSA, x verify', limit: 1.15, values: timesVerify },
  { scenario: 'dpop', text: 'DPoP proof, token seen before, x ES256 verify', limit: 1.4, values: timesVerify },
  { scenario: 'garbage', text: 'Random garbage refused, x a request of ours served', limit: 1, values: timesServed },
  { scenario: 'garbage', text: 'Random garbage refused, x a bare request served', limit: 1, values: timesBare },
  { scenario: 'lookalike', text: 'Garbage like a token refused, x a request of ours served', limit: 1, values: timesServed },
  { scenario: 'lookalike', text: 'Garbage like a token refused, x a bare request served', limit: 1, values: timesBare },
  {
    scenario: 'attack',
    text: 'p99 of honest requests under attack, x their quiet p99',
    limit: 2,
    values: (launches) => launches.map(({ ours }) => ours.paced.p99 / ours.quiet.p99)
  },
  {
    scenario: 'attack',
    text: `Most fetches of the key set in ${pause} s of that attack`,
    limit: 1,
    values: (launches) => [Math.max(...launches.map(({ ours }) => ours.fetches / Math.ceil(ours.seconds / pause)))]
  },
  { scenario: 'redis', text: 'Session in Redis, round trips of the median request', limit: 1, values: (measured) => measured.map(({ roundTrips }) => roundTrips) }
]

/** The targets whose scenario was measured, each with what was found and whether it was held. */
export function checkTargets (results) {
  return targets.filter(({ scenario }) => results.get(scenario) !== undefined).map(({ scenario, text, limit, values }) => {
    const found = spread(values(results.get(scenario)))
    return { text, limit, found, held: found.median <= limit }
  })
}
