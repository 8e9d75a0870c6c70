/** Proofs remembered within a part of the time they are remembered. */
export interface Span {
  readonly counts: Map<string, number>
  taken: number
}

/** Parts of that time. The more, the less a proof counts for longer than it is remembered. */
const SPANS = 8

/**
 * Shares the room for remembered proofs among keys. A key may hold an eighth of what is free: alone it gets a ninth of
 * all, and however many keys take what they can, there is room for the first proofs of another.
 *
 * Proofs are counted in spans, an eighth of the time they are remembered each, so that no proof has to be taken off by
 * itself: one counts for as long as it is remembered, and up to an eighth of that longer.
 */
export class ProofQuota {
  readonly #room: number
  readonly #length: number
  /** The oldest first; the last one runs. */
  #spans: readonly Span[] = Array.from({ length: SPANS + 1 }, emptySpan)
  #endsAt: number

  /** @param room proofs @param time milliseconds a proof is remembered at most */
  constructor (room: number, time: number) {
    this.#room = room
    this.#length = time / SPANS
    this.#endsAt = performance.now() + this.#length
  }

  /**
   * Counts a proof that is to be remembered: before it is, or any number of them could be on their way at once.
   *
   * @returns where it was counted; undefined, and nothing counted, for a key that has its share
   */
  take (key: string): Span | undefined {
    this.#turn()
    const free = this.#room - this.#sum(({ taken }) => taken)
    if (this.#sum(({ counts }) => counts.get(key) ?? 0) >= free / 8) return undefined
    const running = this.#spans[SPANS]!
    running.counts.set(key, (running.counts.get(key) ?? 0) + 1)
    running.taken++
    return running
  }

  /** It was not remembered. */
  giveBack (key: string, span: Span): void {
    const left = span.counts.get(key)! - 1
    if (left === 0) span.counts.delete(key)
    else span.counts.set(key, left)
    span.taken--
  }

  /** Seconds until the oldest proofs of a key that was refused, or where it has none those of all, no longer count. */
  retryAfter (key: string): number {
    const own = this.#spans.findIndex(({ counts }) => counts.has(key))
    const oldest = own === -1 ? this.#spans.findIndex(({ taken }) => taken > 0) : own
    return Math.max(1, Math.ceil((this.#endsAt + oldest * this.#length - performance.now()) / 1000))
  }

  #turn (): void {
    const late = performance.now() - this.#endsAt
    if (late < 0) return
    const passed = Math.floor(late / this.#length) + 1
    this.#spans = [...this.#spans.slice(passed), ...Array.from({ length: Math.min(passed, SPANS + 1) }, emptySpan)]
    this.#endsAt += passed * this.#length
  }

  #sum (count: (span: Span) => number): number {
    return this.#spans.reduce((sum, span) => sum + count(span), 0)
  }
}

function emptySpan (): Span {
  return { counts: new Map(), taken: 0 }
}
