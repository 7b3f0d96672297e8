import type { PiniaPlugin } from 'pinia'
import { watch } from 'vue'
import { type Auth, useAuth } from './auth.ts'

/** Calls `forget` when somebody else is signed in than the last time; who comes back after an expiry finds all as it was. */
export function onOtherPerson({ claims }: Pick<Auth, 'claims'>, forget: () => void): void {
  let person = claims.value?.sub
  watch(
    claims,
    (now) => {
      if (!now) return
      if (person !== undefined && person !== now.sub) forget()
      person = now.sub
    },
    { flush: 'sync' }, // before anything of the new person is loaded
  )
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
