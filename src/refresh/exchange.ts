import type { AuthBackend, TokenCaller } from '../backends/contract.js'
import { type Environment, within } from '../environment.js'
import { AuthError, type AuthErrorCode, type AuthErrorDetails } from '../errors.js'
import type { Session } from '../session/session.js'
import type { TokenResponse, TokenSet } from '../session/tokens.js'
import type { Trace } from '../trace.js'

declare global {
  interface WorkerOptions {
    /** Lets a SharedWorker finish its work when the last page has gone, where the browser can. */
    extendedLifetime?: boolean
  }
}

/** A `SharedWorker` whose file calls `hostRefresh`. */
export interface RefreshWorker {
  /** The line to it. */
  readonly port: MessagePort
  /** Called when its file cannot be loaded. */
  onerror?: ((this: never, event: never) => unknown) | null | undefined
}

/** What a page asks of the worker that makes its refresh calls; tokens travel over this port and nowhere else. */
export type WorkerRequest =
  /** Are you there? */
  | { readonly call: 'ping'; readonly number: number }
  | {
      readonly call: 'refresh'
      readonly number: number
      readonly storageKey: string
      /** Which refresh: whoever names the same one gets the same answer. */
      readonly which: string
      readonly tokens: TokenSet
      /**
       * Where tabs share nothing but a cookie: the access token that the page holds, for which another one serves as the
       * answer. `undefined`: none but a new one does.
       */
      readonly held: string | undefined
      /** How long to wait first, if this refresh is news, in milliseconds. */
      readonly delay: number
      readonly timeout: number
    }
  /** The answer was stored, or is no longer wanted. */
  | { readonly call: 'forget'; readonly storageKey: string; readonly which: string | undefined }

/** What the worker answers; `lifetime` counts from now. */
export type WorkerAnswer =
  | { readonly number: number; readonly answer?: TokenResponse | undefined; readonly age?: number }
  | { readonly number: number; readonly error: { code: AuthErrorCode; message: string } & AuthErrorDetails }

/** An answer, and how long ago it came, in milliseconds. */
export interface Exchanged<User> {
  readonly answer: TokenResponse<User> | undefined
  readonly age: number
}

/** Exchanges the tokens of a session at the server, in this page or in the worker. */
export interface Exchange<User> {
  /** Whether a worker will make the next call: it knows all calls, those of dead tabs too. */
  isHosted(): Promise<boolean>
  /** Makes the call in `delay` milliseconds. `isForced`: for an access token that is issued now. */
  make(session: Session<User>, isForced: boolean, delay: number): Promise<Exchanged<User>>
  /** The answer for `session`, which is stored now, need not be kept any longer; without one, no answer at all. */
  forget(session?: Session<User>): void
  /** Hangs up, once the answers under way have come. */
  close(): void
}

/** What an exchange is made of. */
export interface ExchangeParts<User> {
  readonly backend: Pick<AuthBackend<never, User>, 'refresh'>
  readonly storageKey: string
  /** Whether tabs share a cookie and nothing else. */
  readonly isPrivate: boolean
  readonly refresh: { readonly timeout: number; readonly worker?: (() => RefreshWorker) | undefined }
  readonly environment: Environment
  readonly life: AbortSignal
  readonly trace: Trace
  readonly call: TokenCaller
}

/** A worker that has to be fetched and started first answers within this time, or never. */
const PATIENCE = 2000

export function createExchange<User>(parts: ExchangeParts<User>): Exchange<User> {
  const { backend, storageKey, isPrivate, refresh, environment, life, trace, call } = parts
  const { worker: start, timeout } = refresh
  const waiting = new Map<number, (answer: WorkerAnswer) => void>()
  let port: MessagePort | undefined
  /** Rejects when the worker cannot be started. */
  let refused: Promise<never> | undefined
  let checking: Promise<boolean> | undefined
  let isBroken = !start
  let number = 0

  const hangUp = (): void => {
    port?.close()
    port = undefined
  }

  /** Renewals that the worker makes; their answers are wanted, even if the client is disposed of meanwhile. */
  let renewals = 0
  const rest = (): void => {
    if (life.aborted && !renewals) hangUp()
  }

  const connect = (): void => {
    const worker = (start as () => RefreshWorker)()
    port = worker.port
    port.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      // Late, perhaps: its file took its time.
      isBroken = false
      waiting.get(data.number)?.(data)
    }
    refused = new Promise((_, reject) => {
      worker.onerror = reject
    })
    refused.catch(() => undefined)
  }

  type Unnumbered<T> = T extends unknown ? Omit<T, 'number'> : never
  /** What the worker answers to `message`, if it does in time. */
  const ask = async (message: Unnumbered<WorkerRequest>, patience: number): Promise<WorkerAnswer> => {
    if (!port) connect()
    number += 1
    const mine = number
    const answered = new Promise<WorkerAnswer>((resolve) => {
      waiting.set(mine, resolve)
      port?.postMessage({ ...message, number })
    })
    const late = new AuthError('timeout', 'The refresh worker gave no answer.')
    return within(environment, patience, Promise.race([answered, refused as Promise<never>]), late).finally(() =>
      waiting.delete(mine),
    )
  }

  const ping = (): Promise<boolean> =>
    ask({ call: 'ping' }, PATIENCE).then(
      () => true,
      () => false,
    )

  const check = async (): Promise<boolean> => {
    const wasThere = !!port
    if (await ping()) return true
    if (wasThere && !life.aborted) {
      // A worker that has died with its process is started once more.
      hangUp()
      if (await ping()) return true
    }
    trace.add('no worker', 'It does not start, or not answer: the page makes the calls.')
    isBroken = true
    return false
  }

  const nameOf = ({ id, generation }: Session<User>): string => (isPrivate ? '' : `${id} ${generation}`)

  return {
    async isHosted() {
      if (isBroken || life.aborted) return false
      checking ??= check().finally(() => {
        checking = undefined
      })
      return checking
    },
    async make(session, isForced, delay) {
      const { tokens } = session
      if (isBroken) {
        // Of no signal: once on the wire, the refresh token is spent, and the answer is wanted however late it comes.
        const { signal } = new AbortController()
        return { answer: await call('refresh', async (context) => backend.refresh?.(tokens, context), signal), age: 0 }
      }
      const held = isPrivate && !isForced ? tokens.accessToken : undefined
      const request = { call: 'refresh', storageKey, which: nameOf(session), tokens, held, delay, timeout } as const
      renewals += 1
      const reply = await ask(request, delay + timeout + PATIENCE).finally(() => {
        renewals -= 1
        rest()
      })
      if ('error' in reply) {
        const { code, message, ...details } = reply.error
        throw new AuthError(code, message, details)
      }
      return reply as Exchanged<User>
    },
    forget(session) {
      // Where tabs share a cookie alone, the answer is what the others will ask for.
      if (!session || !isPrivate) port?.postMessage({ call: 'forget', storageKey, which: session && nameOf(session) })
    },
    close: rest,
  }
}
