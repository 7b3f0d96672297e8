/** Makes each of `names` throw when it is touched; tells which were, and how to have them back. */
export function trapGlobals(names: readonly string[]): {
  readonly touched: readonly string[]
  readonly undo: () => void
} {
  const touched: string[] = []
  const own = names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)
  for (const name of names) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get() {
        touched.push(name)
        throw new Error(`${name} was touched`)
      },
    })
  }
  const undo = (): void => {
    for (const [name, descriptor] of own) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor)
      else Reflect.deleteProperty(globalThis, name)
    }
  }
  return { touched, undo }
}
