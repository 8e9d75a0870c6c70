import { forgeToken, signToken } from './signed-token.js'

const minutesAhead = 20

/** Situations, each with how the key server behaves at first and what is done; `play` resolves to what the table says. */
export function questions (patience) {
  return [
    {
      title: '50 first requests at once, key server takes 0.1 s',
      behaviour: { delay: 100 },
      async play ({ issuer, send }) {
        return outcome(await send(valid(issuer, 50), 50), issuer.fetches())
      }
    },
    {
      title: '200 tokens with one unknown key id, after a good one',
      async play (scene) {
        return playUnknown(scene, () => 'unknown')
      }
    },
    {
      title: '200 tokens with 200 unknown key ids, after a good one',
      async play (scene) {
        return playUnknown(scene, (serial) => `unknown-${serial}`)
      }
    },
    {
      title: 'cold start, key server answers 500: 20 requests, one after the other',
      behaviour: { status: 500 },
      async play ({ issuer, send }) {
        return outcome(await send(valid(issuer, 20), 1), issuer.fetches())
      }
    },
    {
      title: 'cold start, key server never answers: one request',
      behaviour: { hangs: true },
      async play ({ issuer, send }) {
        const begin = performance.now()
        const [status] = await send(valid(issuer, 1), 1)
        const seconds = ((performance.now() - begin) / 1000).toFixed(1)
        return status === undefined ? `nothing in ${patience} s` : `${status} after ${seconds} s`
      }
    },
    {
      title: `clocks ${minutesAhead} minutes ahead, key server answers 500: 20 requests, one after the other`,
      async play ({ server, issuer, send }) {
        const tokens = valid(issuer, 21)
        await prime(send, tokens)
        await server.moveClocks(minutesAhead * 60_000)
        issuer.behave({ status: 500 })
        const before = issuer.fetches()
        return outcome(await send(tokens.slice(1), 1), issuer.fetches() - before)
      }
    }
  ]
}

async function playUnknown ({ issuer, send }, kidOf) {
  await prime(send, valid(issuer, 1))
  const before = issuer.fetches()
  const tokens = Array.from({ length: 200 }, (_, serial) => forgeToken({ ...issuer.keys[0], kid: kidOf(serial) }, issuer, serial))
  return outcome(await send(tokens, 8), issuer.fetches() - before)
}

// One good token first, so that the server holds its keys.
async function prime (send, [token]) {
  const [status] = await send([token], 1)
  if (status !== 200) throw new Error(`a good token was answered with ${status}`)
}

const valid = (issuer, count) => Array.from({ length: count }, (_, serial) => signToken(issuer.keys[0], issuer, serial))

function outcome (statuses, fetches) {
  const counts = countEach(statuses)
  const answers = [...counts].map(([status, count]) => `${count} x ${status ?? 'no answer'}`).join(', ')
  return `${answers}; ${fetches} ${fetches === 1 ? 'fetch' : 'fetches'}`
}

function countEach (values) {
  const counts = new Map()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}
