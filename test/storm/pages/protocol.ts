/** What the conductor asks of the tabs of its world, all at once. */
export interface Command {
  readonly id: number
  readonly act: string
  readonly argument?: unknown
  /** Which tabs are meant; all, if it is missing. */
  readonly to?: readonly string[]
}

/** What a tab answers. */
export interface Answer {
  readonly id: number
  readonly from: string
  readonly value?: unknown
  readonly error?: string
}

/** Keeps the page or the worker busy for so many milliseconds. */
function spin(duration: number): true {
  const end = performance.now() + duration
  while (performance.now() < end);
  return true
}

/** Whether a record in localStorage holds this text. */
function stores(text: string): boolean {
  return Object.values({ ...localStorage }).some((record) => String(record).includes(text))
}

export type Acts = Readonly<Record<string, (argument: never) => unknown>>

/** What Latchkey and naive pages answer to `token`. */
export interface TokenOutcome {
  readonly token?: string
  /** The code of the error instead. */
  readonly code?: string
  /** The code of its cause. */
  readonly cause?: string
}

/** What a page says of itself. */
export interface Look {
  readonly now: number
  readonly state: { readonly status: string; readonly reason?: string; readonly freshness?: string }
  readonly user: string | undefined
  readonly events: readonly HeardEvent[]
  readonly sent: readonly SentRequest[]
  readonly pageshows: readonly { readonly at: number; readonly persisted: boolean }[]
  readonly trace: readonly { readonly at: number; readonly what: string; readonly why?: string }[]
  readonly visibility: string
}

/** An event that the client has told. */
export interface HeardEvent {
  readonly name: string
  readonly heardAt: number
  readonly origin: string
  readonly generation: number
  readonly reason?: string
  readonly code?: string
}

/** A request of the API that has left the page. */
export interface SentRequest {
  readonly at: number
  readonly hasToken: boolean
  /** What the state said at that moment. */
  readonly status: string
}

const query = new URLSearchParams(location.search)

/** A parameter of the page's address. */
export const parameter = (name: string): string | undefined => query.get(name) ?? undefined
export const world = parameter('world') ?? ''
export const worldUrl = `${location.origin}/w/${world}`
export const openChannel = (): BroadcastChannel => new BroadcastChannel(`storm:${world}`)

/** Does what the conductor asks, and what the driver asks by `window.act`. */
export function obey(acts: Acts): void {
  const name = parameter('tab') ?? ''
  const all: Acts = { ...acts, spin, stores }
  let channel: BroadcastChannel
  const perform = async (act: string, argument: unknown): Promise<unknown> => all[act]?.(argument as never)
  const open = (): void => {
    channel = openChannel()
    channel.onmessage = ({ data }: MessageEvent<Command>) => {
      const { id, act, argument, to } = data
      if (!act || (to && !to.includes(name))) return
      perform(act, argument).then(
        (value) => channel.postMessage({ id, from: name, value } satisfies Answer),
        (error: unknown) => channel.postMessage({ id, from: name, error: String(error) } satisfies Answer),
      )
    }
  }
  open()
  // A message would throw the page out of the back/forward cache.
  addEventListener('pagehide', () => channel.close())
  addEventListener('pageshow', ({ persisted }) => persisted && open())
  Object.assign(globalThis, { act: perform })
}
