import { flushPromises, mount } from '@vue/test-utils'
import { HttpResponse } from 'msw'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createAuth } from '../../../examples/vue/auth.ts'
import SignInForm from '../../../examples/vue/SignInForm.vue'
import { clockTime } from '../../../examples/vue/texts.ts'
import { setUp, until } from './support.ts'

/** The form, as a person fills it in. */
function open(username?: string) {
  const { client, server } = setUp()
  const form = mount(SignInForm, {
    attachTo: document.body,
    global: { plugins: [createAuth(client)] },
    props: { username },
  })
  onTestFinished(() => form.unmount())
  const field = (name: string) => form.get<HTMLInputElement>(`input[name=${name}]`)
  return {
    client,
    server,
    form,
    field,
    says: () => form.get('[role=alert]').text(),
    describes: (name: string) => form.get(`[id="${field(name).attributes('aria-describedby')}"]`).text(),
    async signIn(password = 'secret') {
      await field('username').setValue('ada')
      await field('password').setValue(password)
      await form.get('form').trigger('submit')
      await until(() => form.get('button').attributes('disabled') === undefined)
      await flushPromises()
    },
  }
}

it('signs in with what was typed', async () => {
  const { client, server, signIn, says } = open()

  await signIn()

  expect(JSON.parse(server.to('login')[0]?.text ?? '')).toEqual({ username: 'ada', password: 'secret' })
  expect(client.state.status).toBe('authenticated')
  expect(says()).toBe('')
})

it('says beside each field what the server misses there, and leads to the first one', async () => {
  const { server, signIn, says, field, describes } = open()
  const fields = { username: 'This field is required.', password: 'At least 8 characters.' }
  server.failNext('login', HttpResponse.json({ error: 'validation_failed', fields }, { status: 422 }))

  await signIn()

  expect(says()).toBe('Something is missing.')
  expect(field('username').attributes('aria-invalid')).toBe('true')
  expect(describes('username')).toBe('This field is required.')
  expect(describes('password')).toBe('At least 8 characters.')
  expect(document.activeElement).toBe(field('username').element)
})

it('repeats what the server says of a wrong password, and leads to it', async () => {
  const { server, signIn, says, field } = open()
  server.failNext('login', HttpResponse.json({ message: 'The username or the password is wrong.' }, { status: 401 }))

  await signIn('wrong')

  expect(says()).toBe('The username or the password is wrong.')
  expect(field('username').attributes('aria-invalid')).toBe('false')
  expect(document.activeElement).toBe(field('password').element)
})

it('says when to try again after too many attempts', async () => {
  const { server, signIn, says } = open()
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  server.failNext('login', new HttpResponse(null, { status: 429, headers: { 'Retry-After': '60' } }))

  await signIn()

  expect(says()).toBe(`Too many attempts. Try again at ${clockTime(1_800_000_060_000)}.`)
})

it.each([
  ['cannot be reached', 'network-error' as const, 'The server cannot be reached. Try again when you are online.'],
  ['fails', new HttpResponse(null, { status: 500 }), 'Signing in did not work (server_error). Try again later.'],
  ['knows another client', HttpResponse.json({ error: 'invalid_client' }, { status: 401 }), /\(misconfigured\)/],
  ['answers no tokens', HttpResponse.html('<h1>Hello</h1>'), /\(invalid_response\)/],
])('says so when the server %s', async (_what, fault, text) => {
  const { server, signIn, says, client } = open()
  server.failNext('login', fault)

  await signIn()

  expect(says()).toMatch(text)
  expect(client.state.status).toBe('unauthenticated')
})

it('forgets the problem when the next attempt begins, and signs in', async () => {
  const { server, signIn, says, client } = open()
  server.failNext('login', 'network-error')
  await signIn()

  await signIn()

  expect(says()).toBe('')
  expect(client.state.status).toBe('authenticated')
})

it('asks a person who is known for the password alone', () => {
  const { field } = open('ada')

  expect(field('username').element.value).toBe('ada')
  expect(field('username').attributes('autofocus')).toBeUndefined()
  expect(field('password').attributes('autofocus')).toBeDefined()
})
