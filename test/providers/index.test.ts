import t from 'tap'
import * as providers from '../../lib/providers/index.js'

t.test('every provider is exported by name, and nothing else', async (t) => {
  t.strictSame(Object.keys(providers).sort(), [
    'auth0', 'authgear', 'clerk', 'cognito', 'entra', 'fusionauth', 'google', 'keycloak', 'oidc', 'okta', 'tesseral', 'zitadel'
  ])
})
