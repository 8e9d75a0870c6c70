/** Gives error classes their names, on the prototypes: own members would stand in every log line beside the type. */
export function nameErrors (classes: Readonly<Record<string, { readonly prototype: object }>>): void {
  for (const [name, { prototype }] of Object.entries(classes)) {
    Object.defineProperty(prototype, 'name', { value: name, writable: true, configurable: true })
  }
}
