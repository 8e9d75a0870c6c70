/** Where a scenario says what must be so, and what was not. */
export interface Expectations {
  readonly violations: string[]
  /** Notes the sentence, in which the facts stand, if it does not hold. */
  expect (holds: boolean, sentence: string): void
}

export function expectations (): Expectations {
  const violations: string[] = []
  return {
    violations,
    expect: (holds, sentence) => { if (!holds) violations.push(sentence) }
  }
}
