/** Calls that may be made: so many at once, and so many a second in the long run. */
export class CallBudgetMeter {
  readonly #perMillisecond: number
  readonly #burst: number
  #left: number
  #countedAt = performance.now()

  constructor ({ perSecond, burst }: { readonly perSecond: number, readonly burst: number }) {
    this.#perMillisecond = perSecond / 1000
    this.#burst = burst
    this.#left = burst
  }

  /** Takes one call. @returns 0, or the seconds until there is one to take */
  take (): number {
    const now = performance.now()
    this.#left = Math.min(this.#burst, this.#left + (now - this.#countedAt) * this.#perMillisecond)
    this.#countedAt = now
    if (this.#left < 1) return (1 - this.#left) / this.#perMillisecond / 1000
    this.#left--
    return 0
  }

  /** Gives a call back that turned out not to count. */
  giveBack (): void {
    this.#left = Math.min(this.#burst, this.#left + 1)
  }
}
