import type { PiniaPlugin } from 'pinia'
import { onScopeDispose, watch } from 'vue'
import { type Auth, useAuth } from './auth.ts'
import type { Client } from './client.ts'

/** Who is signed in: by the access token, or by what the server told, since not every token can be read. */
export function personOf(state: Client['state']): string | undefined {
  return state.status === 'authenticated' ? (state.claims?.sub ?? state.user?.id) : undefined
}

/**
 * Calls `forget` when somebody else is signed in than the last time; who comes back after an expiry finds all as it was.
 * Where nothing tells who it is, whoever signs in next is somebody else.
 */
export function onOtherPerson({ state, on }: Pick<Auth, 'state' | 'on'>, forget: () => void): void {
  let person = personOf(state.value)
  let wasThere = state.value.status === 'authenticated'
  let hasEnded = false
  const look = () => {
    if (state.value.status !== 'authenticated') {
      hasEnded = wasThere
      return
    }
    const now = personOf(state.value)
    const isOther = now === undefined || person === undefined ? hasEnded : now !== person
    person = now ?? (isOther ? undefined : person)
    wasThere = true
    hasEnded = false
    if (isOther) forget()
  }
  watch(state, look, { flush: 'sync' }) // before anything of the new person is loaded
  onScopeDispose(
    on('logout', () => {
      hasEnded = true
    }),
  )
  onScopeDispose(on('login', look)) // two people of whom nothing is known make no new state
}

/** For `pinia.use()`: empties every store when its person signs out, in any tab, and when another one signs in. */
export const forgetWithSession: PiniaPlugin = ({ app, store }) => {
  const auth = app.runWithContext(useAuth)
  const forget = () => store.$reset()
  onOtherPerson(auth, forget)
  watch(
    auth.state,
    (now) => {
      if (now.status === 'unauthenticated' && ['logout', 'replaced'].includes(now.reason)) forget()
    },
    { flush: 'sync' },
  )
}
