/** Counts the platform's objects that code makes. */

/** What one request makes, by name. */
export type Made = Record<string, number>

/** A way to make a request. */
export type Way = () => Promise<unknown>

/** From now on counts what is made of `Headers`, `Request`, …, by whomever. */
export function watchGlobals() {
  const counts = new Map<string, number>()
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)

  for (const name of ['Headers', 'Request', 'URL', 'AbortController'] as const) {
    Reflect.set(
      globalThis,
      name,
      new Proxy(globalThis[name], {
        construct(target, input, newTarget) {
          count(name)
          return Reflect.construct(target, input, newTarget)
        },
      }),
    )
  }
  countCalls(AbortSignal, 'any', () => count('AbortSignal.any'))
  countCalls(Request.prototype, 'clone', () => count('clones'))
  countCalls(Response.prototype, 'clone', () => count('clones'))
  countCalls(EventTarget.prototype, 'addEventListener', () => count('listeners'))
  return { counts, count, forget: () => counts.clear() }
}

/** Calls `count` whenever this method is called. */
export function countCalls(owner: object, name: string, count: () => void): void {
  const original = Reflect.get(owner, name)
  Reflect.set(owner, name, function (this: unknown, ...input: unknown[]) {
    count()
    return Reflect.apply(original, this, input)
  })
}
