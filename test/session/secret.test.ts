import { randomBytes } from 'node:crypto'
import t from 'tap'
import { readSecrets } from '../../lib/session/secret.js'
import { mistake } from '../support/mistake.js'

const GOOD = 'Jx0cW6tq3zVYb8mRkT1uE5hNsA9gLdPi'
const OTHER = 'pB7nQ2vX5wZ8cF1jH4kM6rT9yU3iO0aS'
const refusal = (value: unknown) => mistake(() => readSecrets('login.session.secret', value))
const REMEDY = 'make one with: openssl rand -base64 48'

t.test('one secret or a list of them comes back to the letter, frozen, in order', async (t) => {
  t.strictSame(readSecrets('secret', GOOD), [GOOD])
  t.strictSame(readSecrets('secret', [GOOD, OTHER]), [GOOD, OTHER])
  t.ok(Object.isFrozen(readSecrets('secret', GOOD)))
  const given = [GOOD]
  const read = readSecrets('secret', given)
  given.push(OTHER)
  t.strictSame(read, [GOOD], 'the list of the user is not kept')
  t.ok(Object.isFrozen(read) && !Object.isFrozen(given))
})

t.test('an unset environment variable is named', async (t) => {
  for (const [value, found] of [[undefined, 'undefined'], ['', 'a text of 0 bytes'], ['undefined', 'a text of 9 bytes'], ['null', 'a text of 4 bytes']]) {
    t.equal(refusal(value), `login.session.secret: expected a text of at least 32 bytes, or a list of such, got ${found}; is its environment variable set?`)
  }
  t.match(refusal([GOOD, undefined]), /^login\.session\.secret\[1\]: .*is its environment variable set\?$/)
  // eslint-disable-next-line no-sparse-arrays
  t.match(refusal([GOOD, , OTHER]), /^login\.session\.secret\[1\]: .*is its environment variable set\?$/)
})

t.test('32 bytes are enough, 31 are not, and bytes are counted', async (t) => {
  t.equal(refusal(GOOD.slice(0, 31)), `login.session.secret: expected a text of at least 32 bytes, or a list of such, got a text of 31 bytes; ${REMEDY}`)
  t.equal(refusal(GOOD), undefined)
  t.equal(refusal('äöüßéèêáàâóòôúùû'), undefined, '16 letters of two bytes')
  t.match(refusal('äöüßéèêáàâóòôúùx'), /a text of 31 bytes/)
})

t.test('what is no text is refused', async (t) => {
  for (const [value, found] of [
    [null, 'null'], [42, 'a value of type number'], [true, 'a value of type boolean'], [{ secret: GOOD }, 'a value of type object'],
    [() => GOOD, 'a value of type function'], [Buffer.from(GOOD), 'a value of type object'], [Symbol(GOOD), 'a value of type symbol'], [[[GOOD]], 'a list']
  ] as const) t.match(refusal(value), `got ${found}; ${REMEDY}`)
  t.equal(refusal([]), `login.session.secret: expected at least one secret, got an empty list; ${REMEDY}`)
})

t.test('white space around a secret is refused, not cut off', async (t) => {
  for (const value of [`${GOOD}\n`, ` ${GOOD}`, `\ufeff${GOOD}`, `${GOOD}\u00a0`]) {
    t.equal(refusal(value), 'login.session.secret: white space stands before or after the secret; remove it')
  }
})

t.test('a secret twice in the list is a rotation that did not happen', async (t) => {
  t.equal(refusal([GOOD, OTHER, GOOD]), 'login.session.secret[2]: the same secret stands in the list before; remove one of them')
})

t.test('what a person made up is refused', async (t) => {
  for (const [slip, values] of [
    ['of fewer than 8 different characters', ['x'.repeat(32), '0'.repeat(64), 'secret'.repeat(6), '01'.repeat(40), 'abcdefg'.repeat(9)]],
    ['that reads like the sample value of a guide', [
      'change-me-change-me-change-me-1234', 'CHANGE_ME_BEFORE_YOU_GO_LIVE_OR_ELSE', 'please change this to something random', 'replace-with-a-long-random-string-here',
      'your-session-secret-goes-in-this-place', 'a long enough text to encrypt the cookie', 'an-example-of-a-session-secret-value', 'correct password horse battery staple',
      'use [openssl rand -hex 32] to generate it', 'keyboard cat on the keyboard of a cat', 'supersecretsupersecretsupersecret!', 'not-so-secret-key-of-my-application',
      'a secret with at least 32 characters', 'averylogphrasebiggerthanthirtytwochars', 'placeholder for the cookie encryption'
    ]],
    ['that repeats itself', ['qwertyuiopqwertyuiopqwertyuiop12'.slice(0, 20).repeat(2), `${'Jx0cW6tq3z'.repeat(3)}Jx`, GOOD.slice(0, 31).repeat(3)]],
    ['that goes through the alphabet or the digits', [
      '12345678901234567890123456789012'.replace('1', 'z'), 'abcdefghijklmnopqrstuvwxyz012345', 'ZYXWVUTSRQPONMLKJIHGFEDCBA987654', '0123456789abcdefghijklmnopqrstuvwxyz'
    ]]
  ] as const) {
    for (const value of values) {
      t.equal(refusal(value), `login.session.secret: expected a random text, got one ${slip}; ${REMEDY}`, value)
      t.match(refusal([GOOD, value]), /^login\.session\.secret\[1\]: /)
    }
  }
})

t.test('whatever chance writes passes', async (t) => {
  for (const encoding of ['hex', 'base64', 'base64url'] as const) {
    for (let round = 0; round < 2000; round++) {
      const secret = randomBytes(32).toString(encoding)
      if (refusal(secret) !== undefined) t.fail(`${secret}: ${refusal(secret)}`)
    }
  }
  t.equal(refusal(GOOD.repeat(2)), undefined, 'a good secret stays good when it is written twice')
  t.equal(refusal('prod session secret 5f1c0e7b9a3d'), undefined, 'and when a label stands before it')
})

t.test('no refusal shows the value', async (t) => {
  for (const value of ['hunter2', 'hunter2 hunter2 hunter2 hunter2 hunter2', ' hunter2hunter2hunter2hunter2hunter2', 'change-me hunter2 change-me hunter2', { secret: 'hunter2' }, Symbol('hunter2'), [['hunter2']]]) {
    t.match(refusal(value), /^login\.session\.secret/)
    t.notMatch(refusal(value), 'hunter2')
  }
})
