import {
  authgear, clerk, cognito, entra, fusionauth, google, keycloak, okta, zitadel
} from '../../lib/index.js'
import type { JsonWebKeySet, Provider } from '../../lib/index.js'

/** A provider, a token as it issues them, and how both go wrong. */
export interface VendorTokens {
  readonly name: string
  provider (keys: { jwks: JsonWebKeySet }): Provider
  /** Members of the header beside `alg` and `kid`. */
  readonly header: Readonly<Record<string, unknown>>
  /** Claims beside `iat` and `exp`, as the vendor writes them. */
  readonly claims: Readonly<Record<string, unknown>>
  /** What `request.auth` must say. */
  readonly identity: Readonly<Record<string, unknown>>
  /** Tokens that must be refused: what is changed, and the reason. `undefined` takes a claim away. */
  readonly refused: ReadonlyArray<readonly [title: string, claims: Readonly<Record<string, unknown>>, reason: string]>
  /** Tokens that must be accepted although they look odd. */
  readonly accepted: ReadonlyArray<readonly [title: string, claims: Readonly<Record<string, unknown>>]>
}

const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47'
const OTHER_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad'

export const vendors: readonly VendorTokens[] = [
  {
    name: 'keycloak',
    provider: (keys) => keycloak({ issuer: 'https://sso.example.com/realms/main', audience: 'orders-api', clientId: 'orders-api', keys }),
    header: { typ: 'JWT' },
    claims: {
      iss: 'https://sso.example.com/realms/main',
      aud: ['orders-api', 'account'],
      sub: 'f7d1c0de-0f5c-4b5e-9a35-1d2f3c4b5a69',
      typ: 'Bearer',
      azp: 'web-app',
      acr: '1',
      realm_access: { roles: ['offline_access', 'staff'] },
      resource_access: { 'orders-api': { roles: ['editor'] }, account: { roles: ['view-profile'] } },
      scope: 'profile email',
      sid: '0b5c9a35-1d2f-4b5a-8c4b-5a69f7d1c0de'
    },
    identity: { subject: 'f7d1c0de-0f5c-4b5e-9a35-1d2f3c4b5a69', clientId: 'web-app', scopes: ['profile', 'email'], roles: ['offline_access', 'staff', 'editor'] },
    refused: [
      ['the audience of a realm without a mapper', { aud: 'account' }, 'audience_mismatch'],
      ['another realm', { iss: 'https://sso.example.com/realms/other' }, 'issuer_mismatch'],
      ['an ID token', { typ: 'ID', nonce: 'n' }, 'not_an_access_token'],
      ['a refresh token', { typ: 'Refresh' }, 'not_an_access_token'],
      ['an offline token', { typ: 'Offline' }, 'not_an_access_token'],
      ['a token that does not say what it is', { typ: undefined }, 'not_an_access_token']
    ],
    accepted: [['a nonce, which Keycloak may put into access tokens', { nonce: 'n' }], ['no roles at all', { realm_access: undefined, resource_access: undefined }]]
  },
  {
    name: 'cognito',
    provider: (keys) => cognito({ userPoolId: 'eu-west-1_AbCdEf123', clientId: ['7uXwN2mB', '3Vq9ZtY'], keys }),
    header: {},
    claims: {
      iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123',
      sub: '11f4c3a2-b0a1-70d2-9a6e-5a69f7d1c0de',
      client_id: '7uXwN2mB',
      token_use: 'access',
      version: 2,
      scope: 'https://api.example.com/read openid',
      'cognito:groups': ['admins'],
      username: 'jane',
      origin_jti: '8c4b5a69',
      event_id: '0f5c4b5e'
    },
    identity: { subject: '11f4c3a2-b0a1-70d2-9a6e-5a69f7d1c0de', clientId: '7uXwN2mB', scopes: ['https://api.example.com/read', 'openid'], roles: ['admins'] },
    refused: [
      ['a token of another app client', { client_id: 'stranger' }, 'audience_mismatch'],
      ['an ID token, which has aud instead', { client_id: undefined, aud: '7uXwN2mB', token_use: 'id' }, 'audience_mismatch'],
      ['an ID token with a client_id', { token_use: 'id' }, 'not_an_access_token'],
      ['a token that does not say what it is', { token_use: undefined }, 'not_an_access_token'],
      ['a list of clients, which is no client', { client_id: ['stranger', '7uXwN2mB'] }, 'audience_mismatch'],
      ['another pool', { iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other' }, 'issuer_mismatch']
    ],
    accepted: [['the other app client', { client_id: '3Vq9ZtY' }], ['an aud of a resource server beside', { aud: 'https://api.example.com' }]]
  },
  {
    name: 'okta',
    provider: (keys) => okta({ domain: 'dev-123.okta.com', audience: 'api://default', keys }),
    header: {},
    claims: {
      ver: 1,
      jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
      iss: 'https://dev-123.okta.com/oauth2/default',
      aud: 'api://default',
      cid: '0oad2x1nxp3qGGuKY0x7',
      uid: '00uid4BxXw6I6TV4m0g3',
      scp: ['openid', 'orders:read'],
      sub: 'jane@example.com',
      groups: ['Everyone', 'Staff']
    },
    identity: { subject: 'jane@example.com', clientId: '0oad2x1nxp3qGGuKY0x7', scopes: ['openid', 'orders:read'], roles: ['Everyone', 'Staff'] },
    refused: [
      ['another audience', { aud: 'api://other' }, 'audience_mismatch'],
      ["the organization's own authorization server", { iss: 'https://dev-123.okta.com' }, 'issuer_mismatch'],
      ['an ID token', { nonce: 'n', at_hash: 'h' }, 'id_token']
    ],
    accepted: []
  },
  {
    name: 'entra',
    provider: (keys) => entra({ tenantId: TENANT, audience: '6e74172b-be56-4843-9ff4-e66a39bb12e3', keys }),
    header: { typ: 'JWT' },
    claims: {
      aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
      azp: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
      azpacr: '0',
      name: 'Jane Doe',
      oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      roles: ['Orders.Read.All'],
      scp: 'access_as_user Orders.Read',
      sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
      tid: TENANT,
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '2.0'
    },
    identity: {
      subject: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
      clientId: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
      organizationId: TENANT,
      scopes: ['access_as_user', 'Orders.Read'],
      roles: ['Orders.Read.All']
    },
    refused: [
      ['a token for Microsoft Graph', { aud: '00000003-0000-0000-c000-000000000000' }, 'audience_mismatch'],
      ['another tenant', { iss: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0`, tid: OTHER_TENANT }, 'issuer_mismatch'],
      ['a tenant that does not fit the issuer', { tid: OTHER_TENANT }, 'issuer_mismatch'],
      ['no tenant', { tid: undefined }, 'issuer_mismatch'],
      ['version 1.0', { iss: `https://sts.windows.net/${TENANT}/`, ver: '1.0' }, 'issuer_mismatch'],
      ['an ID token with a nonce', { nonce: 'n' }, 'id_token'],
      ['an ID token without one, which has no azp', { azp: undefined, azpacr: undefined, scp: undefined, roles: undefined }, 'not_an_access_token']
    ],
    accepted: [['a token of an application, without scp', { scp: undefined, idtyp: 'app' }]]
  },
  {
    name: 'google',
    provider: (keys) => google({ clientId: '1234-abc.apps.googleusercontent.com', keys }),
    header: { typ: 'JWT' },
    claims: {
      iss: 'https://accounts.google.com',
      azp: '1234-abc.apps.googleusercontent.com',
      aud: '1234-abc.apps.googleusercontent.com',
      sub: '110169484474386276334',
      hd: 'example.com',
      email: 'jane@example.com',
      email_verified: true,
      at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
      nonce: 'n'
    },
    identity: { subject: '110169484474386276334', clientId: '1234-abc.apps.googleusercontent.com', organizationId: 'example.com', scopes: [], roles: [] },
    refused: [
      ['a token for another client', { aud: '9-z.apps.googleusercontent.com' }, 'audience_mismatch'],
      ['the issuer without its scheme', { iss: 'accounts.google.com' }, 'issuer_mismatch'],
      ['a logout token', { events: {} }, 'not_an_access_token']
    ],
    accepted: [['an account outside any organization', { hd: undefined }]]
  },
  {
    name: 'zitadel',
    provider: (keys) => zitadel({ issuer: 'https://example-abc123.zitadel.cloud', audience: '170086824411201793', keys }),
    header: { typ: 'JWT' },
    claims: {
      iss: 'https://example-abc123.zitadel.cloud',
      aud: ['170086774599581953', '170086824411201793'],
      sub: '170848145649959169',
      client_id: '170086774599581953@project',
      jti: 'V2_170',
      scope: 'openid',
      'urn:zitadel:iam:org:project:roles': { admin: { 1700863630: 'example.com' }, reader: {} },
      'urn:zitadel:iam:user:resourceowner:id': '170086363054473473'
    },
    identity: {
      subject: '170848145649959169', clientId: '170086774599581953@project', organizationId: '170086363054473473', roles: ['admin', 'reader'], scopes: ['openid']
    },
    refused: [
      ['a token without the project among its audiences', { aud: ['170086774599581953'] }, 'audience_mismatch'],
      ['another instance', { iss: 'https://other.zitadel.cloud' }, 'issuer_mismatch'],
      ['an ID token', { at_hash: 'h' }, 'id_token']
    ],
    accepted: [['no roles', { 'urn:zitadel:iam:org:project:roles': undefined }], ['roles of another shape, which are none', { 'urn:zitadel:iam:org:project:roles': ['admin'] }]]
  },
  {
    name: 'clerk',
    provider: (keys) => clerk({ domain: 'clerk.example.com', authorizedParties: ['https://app.example.com'], keys }),
    header: { typ: 'JWT', cat: 'cl_B7d4PD111AAA' },
    claims: {
      v: 2,
      iss: 'https://clerk.example.com',
      azp: 'https://app.example.com',
      sub: 'user_2yRMMvzlm',
      sid: 'sess_2yRMMvzlm',
      sts: 'active',
      fva: [0, -1],
      o: { id: 'org_2yRMMvzlm', slg: 'example', rol: 'admin', per: 'read,manage' }
    },
    identity: { subject: 'user_2yRMMvzlm', clientId: 'https://app.example.com', organizationId: 'org_2yRMMvzlm', roles: ['org:admin'], permissions: [] },
    refused: [
      ['a token of a page elsewhere', { azp: 'https://evil.example.com' }, 'audience_mismatch'],
      ['a token without azp', { azp: undefined }, 'audience_mismatch'],
      ['another instance', { iss: 'https://clerk.other.example' }, 'issuer_mismatch'],
      ['a pending session', { sts: 'pending' }, 'not_an_access_token'],
      ['a pending session with a claim that means something elsewhere', { sts: 'pending', token_use: 'access' }, 'not_an_access_token']
    ],
    accepted: [['an organization without a role', { o: { id: 'org_1' } }], ['no organization', { o: undefined }], ['version 1 of the token', { v: undefined, sts: undefined, o: undefined, org_id: 'org_1', org_role: 'org:admin', org_permissions: ['org:a:b'] }]]
  },
  {
    name: 'authgear',
    provider: (keys) => authgear({ domain: 'my-app.authgear.cloud', keys }),
    header: { typ: 'at+jwt' },
    claims: {
      iss: 'https://my-app.authgear.cloud',
      aud: ['https://my-app.authgear.cloud'],
      client_id: 'a1b2c3',
      sub: '8c4b5a69-f7d1-4b5e-9a35-0f5c4b5e9a35',
      scope: 'openid https://authgear.com/scopes/full-userinfo',
      auth_time: 1,
      amr: ['pwd'],
      jti: 'j',
      'https://authgear.com/claims/user/is_verified': true,
      'https://authgear.com/claims/user/roles': ['staff']
    },
    identity: { subject: '8c4b5a69-f7d1-4b5e-9a35-0f5c4b5e9a35', clientId: 'a1b2c3', roles: ['staff'], scopes: ['openid', 'https://authgear.com/scopes/full-userinfo'] },
    refused: [
      ['another audience', { aud: ['https://other.authgear.cloud'] }, 'audience_mismatch'],
      ['another project', { iss: 'https://other.authgear.cloud' }, 'issuer_mismatch']
    ],
    accepted: []
  },
  {
    name: 'fusionauth',
    provider: (keys) => fusionauth({ issuer: 'https://auth.example.com', audience: 'e9fdb985-9173-4e01-9d73-ac2d60d1dc8e', keys }),
    header: { typ: 'JWT', gty: ['authorization_code'] },
    claims: {
      aud: 'e9fdb985-9173-4e01-9d73-ac2d60d1dc8e',
      iss: 'https://auth.example.com',
      sub: '00000000-0000-0001-0000-000000000000',
      jti: 'a6f8',
      authenticationType: 'PASSWORD',
      applicationId: 'e9fdb985-9173-4e01-9d73-ac2d60d1dc8e',
      roles: ['admin'],
      scope: 'openid offline_access',
      sid: 's',
      tid: '30663132-6464-6665-3032-326466613934',
      email: 'jane@example.com'
    },
    identity: {
      subject: '00000000-0000-0001-0000-000000000000',
      clientId: 'e9fdb985-9173-4e01-9d73-ac2d60d1dc8e',
      organizationId: '30663132-6464-6665-3032-326466613934',
      roles: ['admin'],
      scopes: ['openid', 'offline_access']
    },
    refused: [
      ['a token of another application', { aud: '11111111-9173-4e01-9d73-ac2d60d1dc8e' }, 'audience_mismatch'],
      ['the factory issuer', { iss: 'acme.com' }, 'issuer_mismatch'],
      ['an ID token', { at_hash: 'h', c_hash: 'c', nonce: 'n' }, 'id_token']
    ],
    accepted: [['a user who is not registered to the application', { roles: undefined, applicationId: undefined, azp: 'web' }]]
  }
]
