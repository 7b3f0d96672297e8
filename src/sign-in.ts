import type { AuthBackend, LogoutOptions, TokenCaller } from './backends/contract.js'
import { type Environment, unlessAborted, within } from './environment.js'
import { AuthError } from './errors.js'
import type { Events } from './events.js'
import type { Exchange } from './refresh/exchange.js'
import type { KeeperEvents } from './session/auth-events.js'
import { decodeClaims } from './session/claims.js'
import type { Keeper } from './session/keeper.js'
import type { TokenResponse, TokenSet } from './session/tokens.js'
import type { Trace } from './trace.js'

/** What begins and ends sessions: one login at a time. */
export interface SignIn<User> {
  /** Begins a session with the tokens that `obtain` gets, and ends a login that is under way. */
  enter(
    isJustIssued: boolean,
    signal: AbortSignal | undefined,
    obtain: (signal: AbortSignal) => Promise<TokenResponse<User>>,
  ): Promise<void>
  /** Ends a login that is under way. */
  cancel(why: string): void
  /** Tells the server that these tokens are no longer wanted; gives up after 2 s, and never rejects. */
  leave(tokens: TokenSet, options?: LogoutOptions): Promise<void>
  /** Takes back tokens that came too late; `kept` are those that the answer leaves out. */
  revoke(answer: TokenResponse<User>, kept?: TokenSet): void
  /** Asks the backend who is signed in, if nobody knows yet. */
  introduce(): Promise<void>
}

/** What a sign-in is made of. */
export interface SignInParts<User> {
  readonly backend: Pick<AuthBackend<never, User>, 'refresh' | 'logout' | 'user'>
  readonly inCookie: boolean
  readonly environment: Environment
  readonly keeper: Keeper<User>
  readonly call: TokenCaller
  readonly life: AbortSignal
  readonly events: Events<KeeperEvents<User>>
  readonly exchange: Pick<Exchange<User>, 'forget'>
  readonly trace: Trace
}

const FAREWELL_AT_MOST = 2000

export function createSignIn<User>(parts: SignInParts<User>): SignIn<User> {
  const { backend, inCookie, environment, keeper, call, life, events, exchange, trace } = parts
  let login: AbortController | undefined
  let asking: Promise<void> | undefined

  const cancel = (why: string): void => {
    login?.abort(new AuthError('aborted', why))
    login = undefined
  }

  const leave: SignIn<User>['leave'] = async (tokens, options) => {
    const told = call('logout', async (context) => backend.logout?.(tokens, context), life, options)
    await within(environment, FAREWELL_AT_MOST, told, undefined).catch((error) => trace.add('server not told', error))
  }

  const revoke: SignIn<User>['revoke'] = (answer, kept) => {
    const late = tokensOf(answer, kept)
    // A cookie is everybody's: it is left alone once somebody has signed in again, or is about to.
    if (inCookie && (keeper.current() || login)) return
    // Some servers end all that a person has from them when one token is given back (RFC 7009, section 2.1).
    const { idClaims } = keeper.current() ?? {}
    if (!idClaims?.sub || idClaims.sub !== decodeClaims(late.idToken)?.sub) void leave(late)
  }

  /** Who it is; without an answer nobody is signed out. */
  const askUser = (tokens: TokenSet, signal: AbortSignal): Promise<User | undefined> =>
    call('user', async (context) => backend.user?.(tokens, context), signal).catch((error) => {
      trace.add('no user', error)
      return undefined
    })

  const ask = async (): Promise<void> => {
    const session = keeper.current()
    if (!session?.tokens.accessToken || session.user !== undefined || !backend.user) return
    const user = await askUser(session.tokens, life)
    if (user === undefined || keeper.current()?.id !== session.id) return
    keeper.setUser(user)
    events.flush()
  }

  /** Fetches what an answer may lack: the access token of a login in two steps or by cookie alone, and the user. */
  const complete = async (answer: Answer<User>, signal: AbortSignal): Promise<Answer<User>> => {
    let whole = answer
    if (!answer.accessToken && (inCookie || answer.refreshToken)) {
      const next = await call('refresh', async (context) => backend.refresh?.(answer, context), signal)
      // How long it lives was said of the answer before, if at all.
      whole = { ...answer, lifetime: undefined, expiresAt: undefined, ...tokensOf(next) }
    }
    return { ...whole, user: (await askUser(whole, signal)) ?? whole.user }
  }

  return {
    cancel,
    leave,
    revoke,
    introduce: () => {
      asking ??= ask().finally(() => {
        asking = undefined
      })
      return asking
    },
    async enter(isJustIssued, callerSignal, obtain) {
      cancel('A newer login has ended this one.')
      const mine = new AbortController()
      login = mine
      const signals = [mine.signal, life, callerSignal].filter((each) => !!each)
      const signal = AbortSignal.any(signals)
      let answer: Answer<User> | undefined
      let stored: Promise<unknown>
      const leaveOff = (): void => {
        if (login === mine) login = undefined
      }
      try {
        answer = tokensOf(await obtain(signal))
        // In cookie mode no script is to have the refresh token, a backend's own included.
        if (inCookie) answer = { ...answer, refreshToken: undefined }
        answer = await complete(answer, signal)
        signal.throwIfAborted()
        stored = (await keeper.establish(answer, isJustIssued, signal)).stored
      } catch (error) {
        leaveOff()
        if (answer && signal.aborted) revoke(answer)
        throw error
      }
      leaveOff()
      exchange.forget()
      events.flush()
      await unlessAborted(stored, callerSignal)
    },
  }
}

type Answer<User> = TokenResponse<User> & TokenSet

/** What an answer holds; `kept` is what it leaves out. */
function tokensOf<User>(answer: TokenResponse<User> | undefined, kept?: TokenSet): Answer<User> {
  const held = Object.entries(answer ?? {}).filter(([, each]) => each !== undefined)
  return { accessToken: '', ...kept, ...Object.fromEntries(held) }
}
