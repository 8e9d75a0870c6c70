/** One fault and what came of it, ready to print. A slash divides what happened with keys held from a cold start. */
export interface Row {
  readonly title: string
  /** Answers to tokens of a key that is held. */
  readonly known: string
  /** Answers to tokens with an unknown key id. */
  readonly unknown: string
  /** Answers to good tokens where no keys were ever held. */
  readonly cold: string
  readonly fetches: string
  readonly slowest: string
  readonly health: string
  readonly recovery: string
  readonly violations: readonly string[]
}

/** One promise with numbers in it. */
export interface Check {
  readonly title: string
  readonly measured: string
  readonly expected: string
  readonly violations: readonly string[]
}
