import type { AuthClientOptions } from 'latchkey'

/** A library in use: its server, and the tab in which it runs. */
export interface Former {
  /** Somebody signs in with it. */
  signIn(): Promise<void>
  signOut(): Promise<unknown>
  /** What the app of a tab that still runs does: it wants a token, or sends a request. */
  ask(): Promise<unknown>
  /** The access token in its record. */
  token(): string | undefined
  /** Its client, replaced by Latchkey's. */
  readonly options: AuthClientOptions<object>
  readonly server: FormerServer
}

/** What the tests look at in any server. */
export interface FormerServer {
  /** How often somebody has signed in. */
  readonly logins: number
  readonly refreshes: number
  expireAccessTokens(): void
  /** The next refreshes, one unless it says how many, do not arrive. */
  disconnect(times?: number): void
}

/** A library, and which block of MIGRATING.md is about it. */
export interface Library {
  readonly name: string
  readonly block: string
  use(): Promise<Former>
}
