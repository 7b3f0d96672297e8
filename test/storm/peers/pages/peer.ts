import { obey, type TokenOutcome } from '../../pages/protocol.ts'
import { setClock } from './clock.ts'

/** What the page of a peer can do, in the peer's own words. */
export interface Peer {
  login(username: string): Promise<unknown>
  /** Gets a token as an app gets it before it sends a request; throws if there is none. */
  token(): Promise<string>
  isSignedIn(): boolean | Promise<boolean>
}

/** Puts the peer on stage. */
export function play({ login, token, isSignedIn }: Peer): void {
  obey({
    login: (username: string) => login(username),
    async token(): Promise<TokenOutcome> {
      try {
        return { token: await token() }
      } catch (error) {
        const { code, error: name, message } = Object(error)
        return { code: String(code ?? name ?? message ?? error) }
      }
    },
    isSignedIn: () => isSignedIn(),
    setClock,
  })
  Object.assign(window, { isReady: true })
}
