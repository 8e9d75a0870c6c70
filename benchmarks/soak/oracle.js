/** Clocks are read in two processes: around its expiry a token may be refused or not. */
const margin = 500

/**
 * Every decision that may be right for an answer.
 *
 * What is certain is strict. Lenient it is only
 * - while a delivered key set is on its way into the ring (see expected-ring.js): either set may decide;
 * - where the last fetch may have failed: a key that is not held may be answered 503;
 * - half a second around the expiry of a token.
 *
 * @param answer `kind`, `kid`, `dies`, `removedAt`, `from` and `until`: sent and answered
 * @param ring what the ring must look like
 * @param failing whether the last fetch may have failed meanwhile
 */
export function allowedStatuses ({ kind, kid, dies, removedAt, from, until }, ring, failing) {
  const unavailable = failing ? [503] : []
  switch (kind) {
    case 'garbage':
    case 'no credential':
    case 'expired':
      return [401]
    case 'unknown kid':
      return [401, ...unavailable]
    case 'forged':
      return ring.holds(kid, from, until) === 'yes' ? [401] : [401, ...unavailable]
  }
  if (from >= dies + margin) return [401]
  const living = byKey(ring.holds(kid, from, until))
  return until < dies - margin ? living : [...living, 401]

  function byKey (held) {
    // Whatever the key server delivered: a removed key must be gone by then.
    if (held === 'no' || from > ring.dueAfter(removedAt)) return [401, ...unavailable]
    return held === 'yes' ? [200] : [200, 401, ...unavailable]
  }
}

/** What is wrong with an answer beside its status; undefined: nothing. */
export function faultOf ({ status, error, subject, found, challenge, retryAfter }) {
  if (error !== undefined) return error
  if (status === 200 && found !== subject) return 'the subject of another token'
  if (status === 401 && !/^Bearer\b/.test(challenge ?? '')) return 'no challenge'
  if (status === 503 && !(Number(retryAfter) > 0)) return 'no Retry-After'
  return undefined
}
