/** An end by both clocks: one can be set back, the other stands still while the machine sleeps. Milliseconds. */
export interface Term {
  readonly wall: number
  readonly steady: number
}

/** The end of so many milliseconds from now on. */
export function termOf (lifetime: number): Term {
  return { wall: Date.now() + lifetime, steady: performance.now() + lifetime }
}

/** Whether it has not come, by either clock. */
export function lasts ({ wall, steady }: Term): boolean {
  return Date.now() < wall && performance.now() < steady
}
