import { inspect } from 'node:util'
import type { Secret } from '../../types/provider.js'

const HIDDEN = '[secret]'

/** Keeps a value out of logs, messages and serialized copies: only `reveal` shows it. */
export function secret (value: string): Secret {
  return Object.freeze(new HiddenText(value))
}

class HiddenText implements Secret {
  readonly #value: string

  constructor (value: string) {
    this.#value = value
  }

  reveal (): string {
    return this.#value
  }

  toJSON (): string {
    return HIDDEN
  }

  toString (): string {
    return HIDDEN
  }

  [inspect.custom] (): string {
    return HIDDEN
  }
}
