import { defineComponent, h, onScopeDispose, shallowRef } from 'vue'
import { auth } from './client.ts'

/** The component under test: a greeting with a button, or why there is none. */
export const Greeting = defineComponent(() => {
  const state = shallowRef(auth.state)
  const unsubscribe = auth.subscribe((next) => {
    state.value = next
  })
  onScopeDispose(unsubscribe)

  return () =>
    state.value.status === 'authenticated'
      ? h('button', { onClick: () => auth.logout() }, `Sign out ${state.value.user?.name}`)
      : h('p', 'Please sign in.')
})
