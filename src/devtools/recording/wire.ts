/** What a client's requests go through, as `inspect(client).settings.wire` has it. */
export interface Wire {
  /** What sends them; the global one where there is none. */
  fetch: typeof globalThis.fetch | undefined
}

/** Sees a request on its way out; `next` is whoever is nearer to the network. */
export type Interceptor = (
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  next: typeof globalThis.fetch,
) => Promise<Response>

/** The interceptors of a wire, on the `fetch` that calls them: so no module has to remember which wire has which. */
const INTERCEPTORS = Symbol('interceptors')

type Intercepted = typeof globalThis.fetch & { readonly [INTERCEPTORS]?: Interceptor[] }

/**
 * Lets `intercept` see every request of a client from now on. Whoever came first is outermost, and sees what those after
 * it make of a request. They may leave in any order; the last one restores what was there.
 *
 * @returns its undo
 */
export function interceptWire(wire: Wire, intercept: Interceptor): () => void {
  const interceptors = (wire.fetch as Intercepted | undefined)?.[INTERCEPTORS] ?? install(wire)
  // Wrapped, so that one function may be in there twice.
  const mine: Interceptor = (input, init, next) => intercept(input, init, next)
  interceptors.push(mine)
  return () => {
    const index = interceptors.indexOf(mine)
    if (index >= 0) interceptors.splice(index, 1)
    if (interceptors.length === 0) uninstall(wire, interceptors)
  }
}

/** What was there before, for each `fetch` that was put over it. */
const BEFORE = Symbol('before')

function install(wire: Wire): Interceptor[] {
  const before = wire.fetch
  const interceptors: Interceptor[] = []
  const send = (input: RequestInfo | URL, init: RequestInit | undefined, rest: readonly Interceptor[]) => {
    const [first, ...others] = rest
    if (!first) return (before ?? globalThis.fetch)(input, init)
    const next: typeof globalThis.fetch = (input, init) => send(input, init, others)
    return first(input, init, next)
  }
  const intercepted = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> =>
    send(input, init, [...interceptors])
  wire.fetch = Object.assign(intercepted, { [INTERCEPTORS]: interceptors, [BEFORE]: before })
  return interceptors
}

/** Takes an empty list off, unless somebody has put a `fetch` of their own over it: that one goes on calling it. */
function uninstall(wire: Wire, interceptors: readonly Interceptor[]): void {
  const there = wire.fetch as (Intercepted & { readonly [BEFORE]?: Wire['fetch'] }) | undefined
  if (there?.[INTERCEPTORS] === interceptors) wire.fetch = there[BEFORE]
}
