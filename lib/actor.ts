import type { Actor } from '../types/actor.js'
import type { Identity } from '../types/identity.js'
import { isPlainObject } from './configuration.js'
import { ForbiddenError } from './errors.js'

/** Actors of a chain at most. */
const LONGEST = 16

/**
 * Who acts for the subject: the current actor first, then who acted before. Empty where nobody does but the subject.
 *
 * Fails closed: whoever asks decides by the answer, and an `act` that cannot be read must not look like none.
 *
 * @throws ForbiddenError where `act` is no object with a `sub`, or names more than 16 actors in each other
 * @see RFC 8693 section 4.1
 */
export function delegationChain (identity: Identity): readonly Actor[] {
  const chain: Actor[] = []
  let claims: Readonly<Record<string, unknown>> = identity.claims
  while (Object.hasOwn(claims, 'act')) {
    if (chain.length === LONGEST) throw malformed(identity, `more than ${LONGEST} actors`)
    const actor = actorOf(claims.act, identity)
    chain.push(actor)
    claims = actor.claims
  }
  return Object.freeze(chain)
}

function actorOf (act: unknown, identity: Identity): Actor {
  if (!isPlainObject(act)) throw malformed(identity, 'an act that is no object')
  const [subject, issuer, clientId] = ['sub', 'iss', 'client_id'].map((name) => textOf(act, name, identity))
  if (subject === undefined) throw malformed(identity, 'an act without sub')
  return Object.freeze({ subject, ...(issuer === undefined ? {} : { issuer }), ...(clientId === undefined ? {} : { clientId }), claims: act })
}

function textOf (act: Readonly<Record<string, unknown>>, name: string, identity: Identity): string | undefined {
  const value = Object.hasOwn(act, name) ? act[name] : undefined
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw malformed(identity, `an act whose ${name} is no text`)
}

function malformed ({ provider, clientId }: Identity, found: string): ForbiddenError {
  return new ForbiddenError({ reason: 'claim_malformed', provider, clientId, found, hint: 'nobody can tell who acts for the subject: the issuer must mend the claim act' })
}
