import t from 'tap'
import { checkAuthenticators } from '../lib/authenticator-options.js'
import { apiKey } from '../lib/index.js'
import { mistake } from './support/mistake.js'

const match = () => undefined
const authenticate = () => undefined
const good = { name: 'signature', match, authenticate }
const PATH = 'gatehouse.authenticators[0]'

t.test('name, match and authenticate are enough', async (t) => {
  const checked = checkAuthenticators([good], [])
  t.strictSame(checked, [{ name: 'signature', from: 'header', match, shape: undefined, authenticate, answers: undefined }])
  for (const part of [checked, checked[0]]) t.ok(Object.isFrozen(part))
  const unset = { ...good, from: undefined, shape: undefined, cache: undefined, budget: undefined }
  t.strictSame(checkAuthenticators([unset], []), checked)
  t.strictSame(checkAuthenticators([], ['oidc']), [])
})

t.test('everything else is taken as it was given', async (t) => {
  const shape = /^sig_[a-z]+$/iu
  const [checked] = checkAuthenticators([{ ...good, from: 'cookie', shape, cache: { ttl: 1 }, budget: { burst: 2 } }], [])
  t.strictSame({ ...checked }, { ...good, from: 'cookie', shape, answers: { ttl: 1_000, negativeTtl: 10_000, max: 10_000, perSecond: 100, burst: 2 } })
})

t.test('what apiKey() makes is one', async (t) => {
  t.match(checkAuthenticators([apiKey({ lookup: () => undefined })], []), [{ name: 'api_key', from: 'header', answers: { ttl: 30_000 } }])
})

t.test('a wrong authenticator is refused with its path', async (t) => {
  const name = `${PATH}.name: expected a name of letters, digits, _ and -, got`
  for (const [value, sentence] of [
    [undefined, `${PATH}: expected an object, got undefined; pass { name, match, authenticate }`],
    [null, `${PATH}: expected an object, got null; pass { name, match, authenticate }`],
    [{ ...good, autenticate: authenticate }, `${PATH}: unknown key "autenticate"; known are name, from, match, shape, authenticate, cache, budget`],
    [{ ...good, Cache: {} }, `${PATH}: unknown key "Cache"; did you mean "cache"?`],
    [{ ...good, name: undefined }, `${name} undefined`],
    [{ ...good, name: '' }, `${name} ''`],
    [{ ...good, name: '1st' }, `${name} '1st'`],
    [{ ...good, name: 'a b' }, `${name} 'a b'`],
    [{ ...good, name: '__proto__' }, `${name} '__proto__'`],
    [{ ...good, name: 'a\n' }, `${name} 'a\\n'`],
    [{ ...good, name: ['signature'] }, `${name} [ 'signature' ]`],
    [{ ...good, name: 'access_token' }, `${PATH}.name: expected a name of its own, got 'access_token'; this is the kind of another credential`],
    [{ ...good, name: 'session' }, `${PATH}.name: expected a name of its own, got 'session'; this is the kind of another credential`],
    [{ ...good, name: 'oidc' }, `${PATH}.name: "oidc" is taken; providers and authenticators need a name each`],
    [{ ...good, from: 'query' }, `${PATH}.from: expected 'header', 'authorization' or 'cookie', got 'query'`],
    [{ ...good, from: null }, `${PATH}.from: expected 'header', 'authorization' or 'cookie', got null`],
    [{ ...good, match: undefined }, `${PATH}.match: expected a function of the request, got undefined`],
    [{ ...good, match: 'x-signature' }, `${PATH}.match: expected a function of the request, got 'x-signature'`],
    [{ ...good, authenticate: null }, `${PATH}.authenticate: expected a function of credential and request, got null`],
    [{ ...good, shape: '^sig_' }, `${PATH}.shape: expected a regular expression without the flags g and y, got '^sig_'`],
    [{ ...good, shape: /^sig_/g }, `${PATH}.shape: expected a regular expression without the flags g and y, got /^sig_/g`],
    [{ ...good, shape: /^sig_/y }, `${PATH}.shape: expected a regular expression without the flags g and y, got /^sig_/y`],
    [{ ...good, shape: null }, `${PATH}.shape: expected a regular expression without the flags g and y, got null`],
    [{ ...good, budget: {} }, `${PATH}.budget: needs a cache: without, every request is asked about`],
    [{ ...good, cache: false }, `${PATH}.cache: expected an object, got false`],
    [{ ...good, cache: { ttl: -1 } }, `${PATH}.cache.ttl: expected 0 to 3600 seconds, got -1`],
    [{ ...good, cache: {}, budget: { burst: 0 } }, `${PATH}.budget.burst: expected 1 to 1000000 calls, got 0`]
  ]) t.equal(mistake(() => checkAuthenticators([value], ['oidc'])), sentence)
})

t.test('a list is a list without holes, and names in it are unique', async (t) => {
  for (const value of [good, 'signature', null, new Set([good])]) t.match(mistake(() => checkAuthenticators(value, [])), /^gatehouse\.authenticators: expected a list, got /)
  t.match(mistake(() => checkAuthenticators([good, , good], [])), 'gatehouse.authenticators[1]: expected an object, got undefined') // eslint-disable-line no-sparse-arrays
  t.equal(mistake(() => checkAuthenticators([good, { ...good }], [])), 'gatehouse.authenticators[1].name: "signature" is taken; providers and authenticators need a name each')
})

t.test('a name every object has is a name like others', async (t) => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) t.match(checkAuthenticators([{ ...good, name }], []), [{ name }])
})
