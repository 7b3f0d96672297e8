import { mount } from '@vue/test-utils'
import { signedIn } from 'latchkey/testing'
import { expect, it, vi } from 'vitest'
import { auth } from './client.ts'
import { Greeting } from './greeting.ts'

it('greets whoever is signed in, until they sign out', async () => {
  await signedIn(auth, {}, { user: { name: 'Ada', roles: [] } })
  const greeting = mount(Greeting)
  expect(greeting.text()).toBe('Sign out Ada')
  await greeting.get('button').trigger('click')
  await vi.waitFor(() => expect(greeting.text()).toBe('Please sign in.'))
})
