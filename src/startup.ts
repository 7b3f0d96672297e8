import type { AuthBackend, TokenCaller } from './backends/contract.js'
import { type Environment, type LifecycleEvent, unlessAborted, within } from './environment.js'
import { isAuthError } from './errors.js'
import type { Events } from './events.js'
import type { Backoff } from './refresh/backoff.js'
import type { Exchange } from './refresh/exchange.js'
import { loginRequired, type Renewal } from './refresh/renewal.js'
import type { Schedule } from './refresh/schedule.js'
import type { KeeperEvents } from './session/auth-events.js'
import type { Follower } from './session/follower.js'
import type { Keeper } from './session/keeper.js'
import type { Mark } from './session/mark.js'
import { remainingLifetime, type Session } from './session/session.js'
import type { StartResult } from './session/state.js'
import type { SignIn } from './sign-in.js'
import type { Hints } from './tabs/hints.js'
import type { Turns } from './tabs/turns.js'
import type { Trace } from './trace.js'

/** Brings a client to life, once. */
export interface Startup<User> {
  start(probe: boolean): Promise<StartResult<User>>
  /** Waits until the storage has been read, and begins with that; `undefined` when there is nothing to wait for. */
  ready(signal?: AbortSignal | null): Promise<void> | undefined
  /** The same, and that a page which comes back knows what it has missed: before a token is used. */
  caughtUp(signal?: AbortSignal | null): Promise<void> | undefined
}

/** What a startup is made of. */
export interface StartupParts<User> {
  readonly backend: Pick<AuthBackend<never, User>, 'resume'>
  readonly inCookie: boolean
  readonly environment: Environment
  readonly life: AbortSignal
  readonly events: Events<KeeperEvents<User>>
  readonly trace: Trace
  readonly mark: Mark
  readonly keeper: Keeper<User>
  /** Where other tabs see the storage. */
  readonly follower: Follower | undefined
  readonly turns: Turns
  readonly hints: Hints
  readonly exchange: Exchange<User>
  readonly backoff: Backoff
  readonly renewal: Renewal<User>
  readonly schedule: Schedule
  readonly signIn: SignIn<User>
  readonly call: TokenCaller
  readonly canRenew: (session: Session<User>) => boolean
}

/** A restored session is renewed for so long before the state stops to be `loading`; a page that is back looks so long. */
const LOADING_AT_MOST = 3000

export function createStartup<User>(parts: StartupParts<User>): Startup<User> {
  const {
    backend,
    inCookie,
    environment,
    life,
    events,
    trace,
    mark,
    keeper,
    follower,
    turns,
    hints,
    exchange,
    backoff,
    renewal,
    schedule,
    signIn,
    call,
    canRenew,
  } = parts
  const { lifecycle } = environment
  let started: Promise<string | undefined> | undefined
  let loaded: Promise<void> | undefined
  let isLoaded = false
  let catchingUp: Promise<unknown> | undefined

  const unlessGone = <T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> =>
    unlessAborted(unlessAborted(promise, life), signal)

  /** Reads the storage and completes a redirect login; resolves with where the app wanted to return to. */
  const load = async (probe: boolean): Promise<string | undefined> => {
    // First, and no `await` before: the address of a page that is back holds what no other script is to read.
    const resuming = backend.resume && call('resume', async (context) => backend.resume?.(context), life)
    resuming?.catch(() => undefined)
    const enter = follower?.enter()
    const isStored = await keeper.load(async () => inCookie && ((await mark.isSet()) ? 'mark' : probe && 'probe'))
    await enter?.(isStored)
    const resumed = await resuming?.catch((error: unknown) => {
      // Nobody in this tab has asked for it, and who is signed in needs it least.
      const isStray = isAuthError(error) && error.code === 'login_required' && !error.oauthError
      if (!isStray || !keeper.current()) throw error
      trace.add('not resumed', error)
    })
    // Without any token it was no sign-in; a cookie may do without.
    if (resumed && (inCookie || resumed.accessToken || resumed.refreshToken))
      await signIn.enter(true, undefined, async () => resumed)
    return resumed?.returnTo && ownPath(resumed.returnTo, environment.location())
  }

  /** Renews a restored session that has expired, and asks who it is if the record does not know. */
  const restore = async (): Promise<void> => {
    const stored = keeper.current()
    if (stored && remainingLifetime(stored, environment) <= 0 && (lifecycle.isOnline() || !canRenew(stored))) {
      await renewal.renew(stored, life, 'The restored token had expired.')
    }
    await signIn.introduce()
  }

  const live = (event: LifecycleEvent): void => {
    if (event === 'pagehide' || event === 'freeze') {
      // A page in the back/forward cache must not keep its lock; nor is it kept there if it hears a broadcast.
      turns.letGo()
      hints.close()
      return
    }
    turns.comeBack()
    if (event === 'online' || event === 'visibilitychange') {
      backoff.cutShort()
      renewal.hurry()
    }
    if (!follower) {
      schedule.check()
      return
    }
    hints.open()
    const looking = within(environment, LOADING_AT_MOST, follower.look(), undefined).catch(() => undefined)
    // Whatever the page missed, no request leaves before it is known.
    if (event === 'pageshow' || event === 'resume') catchingUp = looking
    void looking.finally(() => {
      if (catchingUp === looking) catchingUp = undefined
      schedule.check()
    })
  }

  const begin = async (probe: boolean): Promise<string | undefined> => {
    if (follower) hints.open()
    const undo = [lifecycle.listen(live), follower?.watch(), hints.close]
    life.addEventListener('abort', () => {
      for (const each of undo) each?.()
    })
    void exchange.isHosted()
    const loading = unlessAborted(load(probe), life)
    loaded = settle(loading)
    await loaded
    await within(environment, LOADING_AT_MOST, restore(), undefined).catch(() => undefined)
    life.throwIfAborted()
    keeper.reveal(true)
    schedule.arm()
    events.flush()
    return loading
  }

  /** Resolves when requests may leave; that a redirect login failed is the business of `start()` alone. */
  const settle = async (loading: Promise<unknown>): Promise<void> => {
    await loading.catch((error: unknown) => {
      life.throwIfAborted()
      trace.add('not resumed', error)
    })
    const session = keeper.current()
    if (session?.isProbe) {
      // Who only probes may well be signed out: requests wait until that is known.
      await renewal.renew(session, life, 'The app asked whether there is a session.').catch(() => life.throwIfAborted())
      if (keeper.current()?.isProbe) await keeper.end(session.id, 'never')
    }
    isLoaded = true
  }

  const start = (probe: boolean): Promise<StartResult<User>> => {
    const starting = (async () => {
      life.throwIfAborted()
      started ??= begin(probe)
      const returnTo = await started
      return returnTo === undefined ? keeper.state() : Object.freeze({ ...keeper.state(), returnTo })
    })()
    // Whoever does not wait for it need not handle its failure either: `explain()` has it.
    starting.catch(() => undefined)
    return starting
  }

  const ready: Startup<User>['ready'] = (signal) => {
    if (isLoaded && !life.aborted) return undefined
    void start(false)
    return unlessGone(Promise.resolve(loaded), signal)
  }

  /** Waits until it is known what the page has missed; who is signed in by then has to be who asks. */
  const catchUp = (signal: AbortSignal | null | undefined): Promise<void> | undefined => {
    const asker = catchingUp && keeper.current()
    if (!catchingUp || !asker) return undefined
    const checked = catchingUp.then(() => {
      if (keeper.current()?.id !== asker.id) throw loginRequired()
    })
    return unlessGone(checked, signal)
  }

  return {
    start,
    ready,
    caughtUp: (signal) => ready(signal) ?? catchUp(signal),
  }
}

/** `returnTo` as a path of this origin, or `undefined` where it leads elsewhere: an app will navigate to it. */
function ownPath(returnTo: string, here = ''): string | undefined {
  try {
    const { origin, pathname, search, hash } = new URL(returnTo, here)
    const isOwn = origin === new URL(here).origin && pathname.startsWith('/')
    return isOwn ? pathname.replace(/^\/+/, '/') + search + hash : undefined
  } catch {
    return undefined
  }
}
