import { ClientError } from 'openid-client'
import t from 'tap'
import { AuthError } from '../../lib/index.js'
import { UnfitAnswer } from '../../lib/exchange/answer.js'
import { explain, failureIn } from '../../lib/exchange/explain.js'
import { secret } from '../../lib/providers/secret.js'
import { FetchFailure } from '../../lib/token/fetch-json.js'
import { OAuthRefusal } from '../../lib/token/oauth-answers.js'

const asked = (method: 'private_key_jwt' | 'client_secret_post') => ({
  name: 'oidc',
  client: { clientId: 'api', authentication: (method === 'private_key_jwt' ? { method } : { method, secret: secret('hunter2') }) as never }
})

t.test('what the library finds wrong is told by its code, and a defect is thrown on', async (t) => {
  const coded = Object.assign(new ClientError('leaked'), { code: 'OAUTH_INVALID_RESPONSE' })
  t.match(explain(coded, asked('client_secret_post')), { statusCode: 502, refusal: { reason: 'answer_refused', hint: 'the answer is not one of RFC 8693: OAUTH_INVALID_RESPONSE' } })
  for (const defect of [new TypeError('a defect'), Object.assign(new Error('a defect'), { code: 'ERR_INVALID_STATE' }), 'a text']) {
    try {
      explain(defect, asked('client_secret_post'))
      t.fail('it was thrown on')
    } catch (error) {
      t.equal(error, defect)
    }
  }
})

t.test('every call gives a new error, for error handlers write on them', async (t) => {
  for (const failure of [new FetchFailure('away'), new OAuthRefusal(400, 'invalid_grant'), new UnfitAnswer({})]) {
    const [one, two] = [explain(failure, asked('client_secret_post')), explain(failure, asked('client_secret_post'))]
    t.ok(one instanceof AuthError && one !== two)
  }
})

t.test('a client with a key is told to check the key', async (t) => {
  t.match(explain(new OAuthRefusal(401, 'invalid_client'), asked('private_key_jwt')).refusal.hint, /check clientId and its key$/)
})

t.test('what was thrown while a request was sent is found in what the library threw', async (t) => {
  const failure = new FetchFailure('away')
  t.equal(failureIn(new Error('wrapped', { cause: failure })), failure)
  t.equal(failureIn('a text'), 'a text')
})
