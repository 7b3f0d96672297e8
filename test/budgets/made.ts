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
  const watch = (owner: object, name: string, what: string): void => {
    const original = Reflect.get(owner, name)
    Reflect.set(owner, name, function (this: unknown, ...input: unknown[]) {
      count(what)
      return Reflect.apply(original, this, input)
    })
  }
  watch(AbortSignal, 'any', 'AbortSignal.any')
  watch(Request.prototype, 'clone', 'clones')
  watch(Response.prototype, 'clone', 'clones')
  watch(EventTarget.prototype, 'addEventListener', 'listeners')
  return { counts, count, forget: () => counts.clear() }
}
