import t, { test } from 'tap'
import type { Test } from 'tap'
import type { Reason } from '../../lib/index.js'
import { AuthError } from '../../lib/index.js'
import { invalidRequest, invalidToken, missing, unavailable, welcome } from '../support/expected-answers.js'
import type { Answer } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import { hostileHeaders, hostileTokens, mutations } from '../support/hostile.js'
import type { Hostile } from '../support/hostile.js'
import type { IssuerKey } from '../support/issuer.js'
import { BAD_PROOF } from '../support/proof-answers.js'

t.setTimeout(180_000)

const gate = await openGate(t, { algorithms: ['ES256'] })
const { issuer } = gate
const [key] = issuer.keys as [IssuerKey]
const token = issuer.token()
const tokens = hostileTokens(issuer, key)
const headers = hostileHeaders(token)

/** The one answer that is right for a status: what else it says is no attacker's choice. */
function expectedFor ({ status, reason, body }: Answer): Answer {
  const why = reason as Reason
  if (status === 200) return welcome((body as { subject: string }).subject)
  if (status === 400) return invalidRequest(why)
  if (status === 503) return unavailable(why)
  if (why === 'proof_missing') return { status, challenge: BAD_PROOF.challenge, body: BAD_PROOF.body, reason }
  return why === 'header_missing' || why === 'scheme_unsupported' ? missing(why) : invalidToken(why)
}

interface Outcome { readonly statuses: string[], readonly accepted: string[] }

/** Sends all of it and gives back which statuses came, and what was accepted. */
async function sendAll (t: Test, table: readonly Hostile[], to = gate): Promise<Outcome> {
  const statuses = new Set<string>()
  const accepted: string[] = []
  const wrong: unknown[] = []
  for (const [title, authorization] of table) {
    const answer = await to.ask(authorization)
    statuses.add(String(answer.status))
    if (answer.status === 200) accepted.push(title)
    if (JSON.stringify(answer) !== JSON.stringify(expectedFor(answer))) wrong.push({ title, answer })
  }
  t.same(wrong.slice(0, 5), [], `${wrong.length} of ${table.length} answers are not one of ours`)
  return { statuses: [...statuses].sort(), accepted }
}

test('no hostile token produces a 5xx, and none that nobody signed is accepted', async (t) => {
  t.ok(tokens.length >= 150, `${tokens.length} tokens`)
  // The one fetch an unknown key id may cause in 30 s.
  t.same(await gate.bearer(issuer.token({}, { kid: 'unknown' })), invalidToken('kid_unknown'))
  const { statuses, accepted } = await sendAll(t, tokens)
  t.same(statuses, ['200', '401'])
  t.same(accepted.filter((title) => title.endsWith('unsigned')), [])
})

test('of the signed hostile tokens those are accepted whose strange member says nothing to us', async (t) => {
  const { accepted } = await sendAll(t, tokens.filter(([title]) => /^(header (alg|crit|typ)|claim (iss|aud|exp|cnf|nonce|events|then)):/.test(title) && !title.endsWith('unsigned')))
  t.same(accepted.filter((title) => !title.startsWith('claim then')), [])
  t.ok(accepted.length > 20, 'a claim called then is anybody\'s')
})

test('no hostile Authorization header produces a 5xx, nor is it accepted', async (t) => {
  t.same(await sendAll(t, headers), { statuses: ['400', '401'], accepted: [] })
})

test('no mutation of a good token produces a 5xx, nor is it accepted', async (t) => {
  t.same(await sendAll(t, mutations(token, 2000)), { statuses: ['400', '401'], accepted: [] })
})

test('while the keys are away the only 5xx is 503', async (t) => {
  issuer.behave('status-500')
  t.teardown(() => issuer.behave('answer'))
  const away = await openGate(t, { issuer })
  const table = [...headers, ...tokens.filter((_, index) => index % 4 === 0), ['a good token', `Bearer ${token}`] as const]
  t.same(await sendAll(t, table, away), { statuses: ['400', '401', '503'], accepted: [] })
})

test('verify() rejects hostile tokens with an AuthError that has a status, a code and a constant sentence', async (t) => {
  const messages = new Set<string>()
  const strangers: unknown[] = []
  for (const [title, authorization] of [...headers, ...tokens.filter((_, index) => index % 3 === 0)]) {
    await gate.app.gatehouse.verify(authorization.slice('Bearer '.length)).catch((error: unknown) => {
      if (error instanceof AuthError && error.statusCode === 401 && error.code === 'GATEHOUSE_TOKEN_INVALID') messages.add(error.message)
      else strangers.push({ title, error: String(error) })
    })
  }
  t.same(strangers.slice(0, 10), [], `${strangers.length} errors are not ours`)
  t.equal(messages.size, 1)
})

test('verify() refuses what is no text', async (t) => {
  for (const value of [undefined, null, 5, {}, [token], Buffer.from(token), { toString: () => token }, () => token]) {
    // What a caller without types may pass.
    await t.rejects(gate.app.gatehouse.verify(value as string), { statusCode: 401, code: 'GATEHOUSE_TOKEN_INVALID', reason: 'token_malformed' })
  }
})

test('after all of it a good token is still welcome', async (t) => {
  t.same(await gate.bearer(token), welcome())
})
