/** What an `ExpiryHeap` holds. */
export interface Expiring {
  readonly expiresAt: number
  /** Where the heap holds it. The heap's own. */
  position: number
}

/**
 * Entries by the time they expire: the first to do so is found at once, adding and removing any of them takes
 * logarithmic time. A binary heap whose entries know their position, so that nothing dead stays in it.
 */
export class ExpiryHeap<Entry extends Expiring> {
  readonly #entries: Entry[] = []

  /** The entry that expires before all others. */
  get first (): Entry | undefined {
    return this.#entries[0]
  }

  add (entry: Entry): void {
    this.#rise(entry, this.#entries.length)
  }

  /** Takes out an entry that was added and not removed since. */
  remove (entry: Entry): void {
    const last = this.#entries.pop()!
    if (last === entry) return
    const { position } = entry
    const parent = this.#entries[(position - 1) >> 1]
    if (position > 0 && parent!.expiresAt > last.expiresAt) this.#rise(last, position)
    else this.#sink(last, position)
  }

  #rise (entry: Entry, start: number): void {
    let position = start
    while (position > 0) {
      const parent = this.#entries[(position - 1) >> 1]!
      if (parent.expiresAt <= entry.expiresAt) break
      const next = parent.position
      this.#place(parent, position)
      position = next
    }
    this.#place(entry, position)
  }

  #sink (entry: Entry, start: number): void {
    let position = start
    for (;;) {
      const left = this.#entries[2 * position + 1]
      const right = this.#entries[2 * position + 2]
      const child = left !== undefined && right !== undefined && right.expiresAt < left.expiresAt ? right : left
      if (child === undefined || child.expiresAt >= entry.expiresAt) break
      const next = child.position
      this.#place(child, position)
      position = next
    }
    this.#place(entry, position)
  }

  #place (entry: Entry, position: number): void {
    this.#entries[position] = entry
    entry.position = position
  }
}
