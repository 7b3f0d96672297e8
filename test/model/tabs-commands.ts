import type { WakeEvent } from 'latchkey'
import type { ApiMode, TokenMode } from './token-server.ts'

/** How a page comes to a standstill: told before, not told, or in the back/forward cache. */
export type Standstill = 'freeze' | 'hang' | 'leave'

/** What a person, a server or a browser may do next; `tab` is one of those that are awake. */
export type TabsCommand =
  | { readonly do: 'login'; readonly tab: number; readonly name: string }
  | { readonly do: 'logout'; readonly tab: number }
  | { readonly do: 'request'; readonly tab: number; readonly times: number }
  | { readonly do: 'go astray'; readonly tab: number; readonly url: string }
  | { readonly do: 'ask'; readonly tab: number; readonly how: 'plain' | 'forced' | 'rejected' }
  | { readonly do: 'abort'; readonly which: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'live'; readonly share: number }
  | { readonly do: 'open' }
  | { readonly do: 'duplicate'; readonly tab: number }
  | { readonly do: 'crash'; readonly tab: number }
  | { readonly do: 'reload'; readonly tab: number }
  | { readonly do: 'close'; readonly tab: number }
  | { readonly do: 'freeze'; readonly tab: number; readonly how: Standstill }
  | { readonly do: 'thaw' }
  | { readonly do: 'wake'; readonly tab: number; readonly event: WakeEvent }
  | { readonly do: 'network'; readonly isOnline: boolean }
  | { readonly do: 'server'; readonly mode: TokenMode; readonly retryAfter: number }
  | { readonly do: 'api'; readonly mode: ApiMode }
  | { readonly do: 'revoke'; readonly what: 'session' | 'access' }
  | { readonly do: 'clear'; readonly tab: number; readonly isByTab: boolean }
  | { readonly do: 'forge'; readonly hint: unknown }
