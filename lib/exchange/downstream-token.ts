import { inspect } from 'node:util'
import type { DownstreamToken } from '../../types/exchange.js'

/** A token for another service. Frozen: requests share it. No serializer and no spread can reach it, for its field is private. */
export class ExchangedToken implements DownstreamToken {
  readonly #parts: DownstreamToken

  constructor (parts: DownstreamToken) {
    this.#parts = { ...parts, scopes: Object.freeze([...parts.scopes]) }
    Object.freeze(this)
  }

  get accessToken () { return this.#parts.accessToken }
  get expiresAt () { return this.#parts.expiresAt }
  get scopes () { return this.#parts.scopes }
  get issuedTokenType () { return this.#parts.issuedTokenType }
  get tokenType () { return this.#parts.tokenType }

  toJSON (): object {
    const { accessToken, ...visible } = this.#parts
    return visible
  }

  [inspect.custom] (): object {
    return this.toJSON()
  }
}
