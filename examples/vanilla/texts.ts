import type { AuthState, LogoutReason } from 'latchkey'
import { type Mode, mode, usesWorker } from './client.ts'

/** Why nobody is signed in, for the person. */
export const REASONS = {
  never: '',
  logout: 'You have signed out.',
  expired: 'Your session has expired. Please sign in again.',
  revoked: 'The server has ended your session. Please sign in again.',
  replaced: 'Somebody else signed in, in another tab.',
  'storage-cleared': 'The stored session was removed. Please sign in again.',
} satisfies Record<Extract<AuthState, { status: 'unauthenticated' }>['reason'] | LogoutReason, string>

export const SIGNED_OUT_ELSEWHERE = 'You have signed out in another tab.'

/** What `refresh_lost` means. */
export const REFRESH_LOST =
  'A tab died while it renewed the session, and its new tokens with it (refresh_lost). Please sign in again.'

/** Which path the refresh calls take. */
export const PATHS = {
  page: 'Each page makes its own refresh calls.',
  worker: 'A SharedWorker makes the refresh calls for all tabs, and outlives each of them.',
  noWorker: 'The worker does not answer, as auth.explain() says: this page makes its own refresh calls.',
} as const

/** What the tabs have in common. */
export const SHARING =
  mode === 'body'
    ? 'Tabs take turns: one renews, and all the others take its tokens over.'
    : usesWorker
      ? 'Tabs share the cookie, and what one call has brought serves the others, too. Each counts its own tokens.'
      : 'Tabs take turns at the cookie, and share it alone: each renews an access token of its own.'

const KILL: Readonly<Record<Mode, string>> = {
  body: 'By the lock alone, a strict server like this one ends the session: it has spent the old refresh token, and the new one died with the tab. The other tab is told refresh_lost.',
  cookie:
    'By the lock alone it is a matter of luck: the call outlives the tab, and the other one gives it some ten seconds to bring the new cookie. If that is not kept, a strict server like this one ends the session, told as refresh_lost.',
}

/** What the buttons do, where that depends on the mode. */
export const HINTS = {
  secondTab:
    mode === 'body'
      ? 'Signed in already. Tabs take turns: one refresh serves all, and a sign-out anywhere is one everywhere.'
      : 'Signed in already. Tabs take turns at the cookie. A sign-out shows in the other tab with its next call or renewal.',
  kill: `The server answers late, and this tab is gone by then; watch from a second one. ${
    usesWorker ? 'With the worker nothing is lost: it hands the new tokens to the next tab.' : KILL[mode]
  }`,
} as const
