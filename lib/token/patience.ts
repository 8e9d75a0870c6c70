/** Longer than this we stay away at no server's wish. Seconds. */
const LONGEST = 60

/** Stays away from a server for as long as it wishes, within reason. */
export class Patience {
  #until = 0

  /** Seconds until it may be asked again; 0: now. */
  get left (): number {
    return Math.max(0, Math.round(this.#until - performance.now()) / 1000)
  }

  /** @param seconds from now */
  heed (seconds: number): void {
    this.#until = performance.now() + seconds * 1000
  }
}

/**
 * The seconds a server wants to be left alone for, a minute at most; undefined where its answer did not say so.
 *
 * @see RFC 6585 section 4, RFC 9110 section 15.6.4
 */
export function wishOf ({ status, retryAfter }: { readonly status: number | undefined, readonly retryAfter: number | undefined }): number | undefined {
  return retryAfter === undefined || (status !== 429 && status !== 503) ? undefined : Math.min(retryAfter, LONGEST)
}
