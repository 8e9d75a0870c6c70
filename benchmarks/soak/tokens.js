import { randomBytes, sign } from 'node:crypto'
import { audience } from '../issuer.js'
import { garbage } from '../random-token.js'
import { foreignKey, keyPair } from './keys.js'

/** The plugin's clock tolerance by default, in seconds. */
const tolerance = 10
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
let made = 0

/** Makes tokens of one issuer. A token is `text`, `kid`, `subject`, and `dies`: when it must be refused, by `clock`. */
export class Tokens {
  #issuer
  #clock

  constructor (issuer, clock) {
    this.#issuer = issuer
    this.#clock = clock
  }

  /** A good one, of the key of that number, for so many seconds. */
  valid (index, lifetime = 3600) {
    const { kid, privateKey } = keyPair(index)
    return this.#make(kid, privateKey, lifetime)
  }

  /** Under a known key id, signed with another key. */
  forged (index) {
    return this.#make(keyPair(index).kid, foreignKey, 3600)
  }

  /** All is well but for a key nobody published. */
  unknown () {
    return this.#make(`unknown-${randomBytes(6).toString('hex')}`, foreignKey, 3600)
  }

  /** Of the right length and alphabet, and no more than that. */
  garbage () {
    return { text: garbage([60, 300, 86]) }
  }

  #make (kid, key, lifetime) {
    const now = Math.floor(Date.now() / 1000)
    const exp = now + lifetime
    const subject = `user-${made++}`
    const input = `${encode({ alg: 'ES256', typ: 'at+jwt', kid })}.${encode({
      iss: this.#issuer, aud: audience, sub: subject, iat: Math.min(now, exp - 1), exp, scope: 'read:orders', client_id: 'soak'
    })}`
    const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
    const dies = this.#clock.now() + (exp + tolerance) * 1000 - Date.now()
    return { text: `${input}.${signature}`, kid, subject, dies }
  }
}
