import { browserSupportsWebAuthn } from '@simplewebauthn/browser'
import type { AuthState } from 'latchkey'
import { byId, clockTime, h, setText } from '../vanilla/dom.ts'
import { addPasskey, auth, listPasskeys, type Passkey, type User } from './client.ts'
import type { Credentials } from './passkey-backend.ts'
import { addingProblem, REASONS, signInProblem, UNSUPPORTED } from './texts.ts'

const reason = byId('reason', HTMLElement)
const problem = byId('problem', HTMLElement)
const addingFault = byId('adding-problem', HTMLElement)
const news = byId('news', HTMLElement)
const buttons = document.querySelectorAll('button')
const usePasskey = byId('use-passkey', HTMLButtonElement)
const usePassword = byId('use-password', HTMLButtonElement)
const addButton = byId('add-passkey', HTMLButtonElement)
const username = byId('username', HTMLInputElement)
const password = byId('password', HTMLInputElement)
let listedFor: string | undefined
let renewals = 0

usePasskey.addEventListener('click', () => signIn({}, usePasskey, usePasskey))

byId('sign-in', HTMLFormElement).addEventListener('submit', async (event) => {
  event.preventDefault()
  await signIn({ username: username.value, password: password.value }, usePassword, password)
})

byId('sign-out', HTMLButtonElement).addEventListener('click', () => auth.logout())

addButton.addEventListener('click', async () => {
  for (const text of [news, addingFault]) setText(text, '')
  await whileBusy(addButton, async () => {
    await addPasskey()
    setText(news, 'Passkey added. Sign out, and come back with it.')
    await showPasskeys()
  }).catch((error: unknown) => setText(addingFault, addingProblem(error)))
})

auth.on('login', () => {
  renewals = 0
})
auth.on('refresh', () => {
  renewals += 1
})
auth.subscribe(showState)
showState(auth.state)
setInterval(showExpiry, 1000)
await auth.start()

/** Signs in; where that fails, `retry` gets the focus. */
async function signIn(credentials: Credentials, button: HTMLButtonElement, retry: HTMLElement) {
  for (const text of [reason, problem]) setText(text, '')
  try {
    await whileBusy(button, () => auth.login(credentials))
    byId('who-title', HTMLElement).focus()
  } catch (error) {
    setText(problem, signInProblem(error))
    retry.focus()
  }
}

/** One thing at a time, and the button that began it says what it waits for. */
async function whileBusy(button: HTMLButtonElement, run: () => Promise<unknown>) {
  const label = button.textContent
  for (const each of buttons) each.disabled = true
  setText(button, button === usePassword ? 'Signing in …' : 'Waiting for your passkey …')
  try {
    await run()
  } finally {
    setText(button, label)
    for (const each of buttons) each.disabled = false
    showSupport()
  }
}

function showSupport() {
  if (browserSupportsWebAuthn()) return
  usePasskey.disabled = true
  addButton.disabled = true
  setText(byId('passkey-hint', HTMLElement), UNSUPPORTED)
}

/** The state decides what stands on the page; nothing else does. */
function showState(state: AuthState<User>) {
  const isSignedIn = state.status === 'authenticated'
  const focusIsInside = byId('signed-in', HTMLElement).contains(document.activeElement)
  byId('loading', HTMLElement).hidden = state.status !== 'loading'
  byId('signed-out', HTMLElement).hidden = state.status !== 'unauthenticated'
  for (const id of ['signed-in', 'passkeys', 'token']) byId(id, HTMLElement).hidden = !isSignedIn
  showSupport()
  showExpiry()
  if (state.status === 'unauthenticated') {
    setText(reason, REASONS[state.reason])
    listedFor = undefined
    if (focusIsInside) usePasskey.focus()
  }
  if (isSignedIn) showPerson(state)
}

function showPerson({ user, claims }: Extract<AuthState<User>, { status: 'authenticated' }>) {
  setText(byId('who', HTMLElement), user?.username ?? claims?.sub ?? 'somebody')
  const rows = Object.entries(claims ?? {}).map(([name, value]) =>
    h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, claimInWords(name, value))),
  )
  byId('claims', HTMLElement).replaceChildren(...rows)
  if (listedFor === claims?.sid) return // a renewal: the same person, the same passkeys
  listedFor = claims?.sid as string | undefined
  for (const text of [news, addingFault, problem]) setText(text, '')
  showPasskeys().catch(() => setText(addingFault, 'Your passkeys could not be listed.'))
}

function claimInWords(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (['iat', 'nbf', 'exp'].includes(name) && typeof value === 'number') return `${value} (${clockTime(value * 1000)})`
  return JSON.stringify(value)
}

async function showPasskeys() {
  const items = (await listPasskeys()).map(inList)
  const none = h('li', {}, 'None yet.')
  byId('list', HTMLElement).replaceChildren(...(items.length > 0 ? items : [none]))
}

function inList({ id, createdAt, usedAt, isSynced }: Passkey): HTMLElement {
  const used = usedAt === undefined ? 'not used yet' : `last used at ${clockTime(usedAt)}`
  return h(
    'li',
    {},
    h('code', {}, `…${id.slice(-8)}`),
    isSynced ? ', synced between devices' : ', on this device alone',
    h('small', {}, `added at ${clockTime(createdAt)}, ${used}`),
  )
}

function showExpiry() {
  if (auth.state.status !== 'authenticated') return
  const { expiresAt } = auth.state
  const seconds = Math.ceil(((expiresAt ?? 0) - Date.now()) / 1000)
  setText(byId('expiry', HTMLElement), seconds > 0 ? `expires in ${inWords(seconds, 'second')}` : 'expired')
  setText(byId('renewed', HTMLElement), renewals > 0 ? `${inWords(renewals, 'time')}, by itself` : 'not yet')
}

function inWords(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
