import { base64url, compact, nested, withStrayBits } from './compact.js'
import { signJws } from './issuer.js'
import type { IssuerKey, TestIssuer } from './issuer.js'

/** What an attacker sends, and what a table calls it. */
export type Hostile = readonly [title: string, authorization: string]

/** Values as they stand in JSON, none of them what a reader expects. */
export const VALUES = [
  'null', 'true', 'false', '0', '-1', '1e400', '-1e300', '0.5', '9007199254740993', '""', '" "', '"x"', '"\\u0000"', '"\\ud800"', '"__proto__"', '[]', '{}',
  '[[]]', '[null]', '["x",1]', '{"x":{}}', '{"__proto__":{"x":1}}', '{"toString":1,"valueOf":1,"toJSON":1,"length":-1,"then":1}',
  `"${'A'.repeat(9000)}"`, `[${'0,'.repeat(3000)}0]`, '"../../../etc/passwd"', '"http://169.254.169.254/"', '"%00%0d%0aSet-Cookie: a=b"', '"\\r\\nX-Injected: 1"'
]
const HEADER = ['alg', 'kid', 'typ', 'crit', 'cty', 'jwk', 'jku', 'x5u', 'x5c', 'x5t', 'b64', 'zip', 'enc', 'p2c', '__proto__', 'constructor', 'toJSON']
const CLAIMS = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'scope', 'scp', 'permissions', 'roles', 'org_id', 'azp', 'client_id', 'cnf', 'typ', 'token_use', 'nonce', 'events', '__proto__', 'constructor', 'toJSON', 'then']
const DEPTHS = [4100, 4000, 3800, 3600, 3400, 3200, 2500, 1500, 500, 65]

/** Tokens of each member bent into each value: some signed with the issuer's key, some by nobody. Always the same list. */
export function hostileTokens (issuer: TestIssuer, key: IssuerKey): Hostile[] {
  const header = { alg: key.alg, kid: key.kid, typ: 'JWT' }
  const claims = { iss: issuer.issuer, aud: issuer.audience, sub: 'user-1', iat: 1_700_000_000, exp: 4_000_000_000, azp: 'client-1', scope: 'read:messages' }
  const tokens: Hostile[] = []
  const add = (title: string, headerText: string | Buffer, payload: string | Buffer) => {
    const signed = signJws(headerText, payload, key)
    tokens.push([title, `Bearer ${signed}`], [`${title}, unsigned`, `Bearer ${signed.slice(0, signed.lastIndexOf('.'))}.AAAA`])
  }
  // Depth first: a process that has warmed up survives what a fresh one does not.
  for (const depth of DEPTHS) {
    for (const name of ['iss', 'aud', 'exp', 'scope', 'ext']) add(`claim ${name} nested ${depth} deep`, JSON.stringify(header), withMember(claims, name, nested(depth)))
    for (const name of ['alg', 'kid', 'typ', 'crit']) add(`header ${name} nested ${depth} deep`, withMember(header, name, nested(depth)), JSON.stringify(claims))
  }
  for (const value of VALUES) {
    const shown = value.length > 40 ? `${value.slice(0, 20)}… (${value.length})` : value
    for (const name of HEADER) add(`header ${name}: ${shown}`, withMember(header, name, value), JSON.stringify(claims))
    for (const name of CLAIMS) add(`claim ${name}: ${shown}`, JSON.stringify(header), withMember(claims, name, value))
    add(`the whole header: ${shown}`, value, JSON.stringify(claims))
    add(`the whole payload: ${shown}`, JSON.stringify(header), value)
  }
  for (const [title, bytes] of Object.entries({ 'a byte order mark': 'efbbbf', 'no UTF-8': 'fffe', 'a zero byte': '00', nothing: '' })) {
    add(`header of ${title}`, Buffer.from(bytes, 'hex'), JSON.stringify(claims))
    add(`payload of ${title}`, JSON.stringify(header), Buffer.from(bytes, 'hex'))
  }
  return tokens
}

/** Authorization headers that are wrong before any token is read. Always the same list. */
export function hostileHeaders (token: string): Hostile[] {
  const [header, payload, signature] = token.split('.') as [string, string, string]
  const values: string[] = [
    '', ' ', 'Bearer', 'Bearer ', 'bearer', 'Bearer:', 'Bearer=', 'Bearer,', 'Basic', 'Basic =', 'DPoP x', 'Bearer .', 'Bearer ..', 'Bearer ...', 'Bearer ....',
    `Bearer ${'.'.repeat(15_000)}`, `Bearer ${'a.'.repeat(7_000)}`, `Bearer ${'A'.repeat(15_000)}`, `Bearer ${'='.repeat(5_000)}`, `Bearer ${' '.repeat(5_000)}x`,
    'Bearer null', 'Bearer undefined', 'Bearer [object Object]', 'Bearer NaN', 'Bearer {}', 'Bearer %00', 'Bearer \u00FF', 'Bearer __proto__', 'Bearer constructor',
    token, `Bearer ${token} ${token}`, `Bearer ${token},Bearer ${token}`, `Bearer "${token}"`, `Bearer <${token}>`, `Bearer ${token};`, `Bearer ${token}=`, `Bearer ${token}.`,
    `Bearer .${token}`, `Bearer ${header}`, `Bearer ${header}.`, `Bearer ${header}.${payload}`, `Bearer ${header}.${payload}.`, `Bearer ${header}..${signature}`,
    `Bearer .${payload}.${signature}`, `Bearer ${payload}.${header}.${signature}`, `Bearer ${signature}.${payload}.${header}`, `Bearer ${token}.${token}`,
    `Bearer ${header}.${payload}.${signature}.${signature}`, `Bearer ${header}.${signature}.${signature}.${signature}.${signature}`,
    `Bearer ${token.toLowerCase()}`, `Bearer ${token.toUpperCase()}`, `Bearer ${encodeURIComponent(`"${token}"`)}`, `Bearer ${base64url(token)}`,
    `Bearer ${Buffer.from(token).toString('hex')}`, `Bearer ${compact(token, token, token)}`, `Bearer ${header}.${payload}.${withStrayBits(signature)}`,
    `Bearer ${header}=.${payload}.${signature}`, `Bearer ${header}.${payload}.${signature}==`, `Bearer ${[...token].reverse().join('')}`
  ]
  return values.map((value) => [value.length > 60 ? `${value.slice(0, 40)}… (${value.length})` : value, value])
}

/** Tokens that differ from this one in a few characters at places drawn from a fixed sequence. */
export function mutations (token: string, count: number, seed = 1): Hostile[] {
  let state = seed
  // Numerical Recipes' linear congruential generator: the same sequence on every machine.
  const draw = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 2 ** 32 * below)
  }
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/~ ,"'
  const mutate = () => {
    const bent = [...token]
    for (let times = 1 + draw(3); times > 0; times--) {
      const remove = draw(3) === 0 ? 1 + draw(4) : draw(2)
      bent.splice(draw(bent.length), remove, ...Array.from({ length: draw(3) }, () => characters[draw(characters.length)]!))
    }
    return bent.join('')
  }
  return Array.from({ length: count }, mutate).filter((bent) => bent.trim() !== token).map((bent, index) => [`mutation ${index}`, `Bearer ${bent}`])
}

/** The object as JSON, with this member in place of its own. */
function withMember (members: object, name: string, json: string): string {
  const rest = Object.entries(members).filter(([other]) => other !== name).map(([other, value]) => `${JSON.stringify(other)}:${JSON.stringify(value)}`)
  return `{${[...rest, `${JSON.stringify(name)}:${json}`].join()}}`
}
