/** Longer than this we stay away at no server's wish. Seconds. */
const LONGEST = 60

/** Stays away from a server that is asked about credentials for as long as it wishes, within reason. */
export class Patience {
  #until = 0

  /** Seconds until it may be asked again; 0: now. */
  get left (): number {
    return Math.max(0, Math.ceil(this.#until - performance.now()) / 1000)
  }

  /**
   * Takes note of an answer that says when to come back.
   *
   * @returns the seconds we stay away for; undefined where it did not say
   * @see RFC 6585 section 4, RFC 9110 section 15.6.4
   */
  heed ({ status, retryAfter }: { readonly status: number | undefined, readonly retryAfter: number | undefined }): number | undefined {
    if (retryAfter === undefined || (status !== 429 && status !== 503)) return undefined
    const seconds = Math.min(retryAfter, LONGEST)
    this.#until = performance.now() + seconds * 1000
    return seconds
  }
}
