import type { AuthClient } from 'latchkey'
import type { Callers, CallingTab, Findings } from './callers.ts'
import type { BrowserKind } from './shared-browser.ts'
import type { Family, TokenServer } from './token-server.ts'
import type { VirtualPage, VirtualTime } from './virtual.ts'

/** What a run starts with. */
export interface TabsSetting extends BrowserKind {
  readonly seed: number
  /** How many tabs are open at first. */
  readonly count: number
  /** Who sees the storage. */
  readonly scope: 'origin' | 'tab' | 'memory'
  readonly via: 'body' | 'cookie'
  readonly isRotating: boolean
  readonly grace: number
  /** Of an access token, in seconds. */
  readonly lifetime: number
  readonly when: 'always' | 'on-demand'
  readonly timeout: number
}

/** Who is signed in, as the server tells. */
export interface Person {
  readonly name: string
  readonly family: string
}

/** What the app sends to sign in. */
export interface Fields {
  readonly name: string
  readonly order: number
}

/** One life of one page: its client, and what was seen of it. */
export interface Tab extends CallingTab {
  readonly page: VirtualPage
  readonly client: AuthClient<Fields, Person>
  /** Copied into a duplicate of the tab, where each tab has a storage of its own. */
  readonly items: Map<string, string> | undefined
  live: string | undefined
  isRestored: boolean
  generation: number
  isDisposed: boolean
  /** The sessions whose end it told, and those that were signed out in it. */
  readonly ended: Set<string>
  readonly signedOut: Set<string>
  /** The newest generation, as the server counts, that it sent of each session. */
  readonly newest: Map<Family, number>
  /** When somebody last wanted from it what it had not fetched itself. */
  wantedAt: number
}

/** What all that happens to tabs happens in. */
export interface World {
  readonly setting: TabsSetting
  readonly time: VirtualTime
  readonly server: TokenServer
  readonly findings: Findings
  readonly callers: Callers<Tab>
}
