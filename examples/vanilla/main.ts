import { type AuthState, isAuthError } from 'latchkey'
import { createAuth, mode, type User } from './client.ts'
import { connectControls } from './controls.ts'
import { createDial } from './dial.ts'
import { byId, clockTime, h, setText } from './dom.ts'
import { createTimeline, type Origin } from './timeline.ts'
import { type Call, createWire } from './wire.ts'

type SignedIn = Extract<AuthState<User>, { status: 'authenticated' }>

const WIRE_ROWS = 8
const EXPLAINED_ROWS = 10
const REASONS = {
  never: '',
  logout: 'You have signed out.',
  expired: 'Your session has expired. Please sign in again.',
  revoked: 'The server has ended your session. Please sign in again.',
  replaced: 'Somebody else signed in, in another tab.',
  'storage-cleared': 'The stored session was removed. Please sign in again.',
} satisfies Record<Extract<AuthState<User>, { status: 'unauthenticated' }>['reason'], string>

const wire = createWire(showCall)
const auth = createAuth(wire.fetch)
const timeline = createTimeline(byId('timeline', HTMLElement))
const dial = createDial()
let retryAt: number | undefined
let explained = ''

byId(`mode-${mode}`, HTMLElement).ariaCurrent = 'page'
byId(`code-${mode}`, HTMLElement).hidden = false
connectControls({ auth, wire, tell })
connectSignIn()
auth.subscribe(showState)
showState(auth.state)

auth.on('login', ({ at, generation, origin }) => {
  beginToken(origin === 'this-tab' ? 'issued' : 'adopted', at, generation)
  tell(origin === 'this-tab' ? 'Signed in.' : 'Signed in by another tab.')
})
auth.on('refresh', ({ at, generation, origin }) => {
  beginToken(origin === 'this-tab' ? 'renewed' : 'adopted', at, generation)
  tell(origin === 'this-tab' ? `Renewed: token ${generation} took over.` : `Token ${generation} came from another tab.`)
})
auth.on('refreshFailed', ({ at, error, retryAt: nextTry }) => {
  retryAt = nextTry
  timeline.mark('failed', at, String(error.status ?? error.code))
  tell(`Renewal failed (${error.status ?? error.code}). You are still signed in.`)
})
auth.on('logout', ({ at, reason }) => {
  timeline.end(at, reason === 'logout' ? 'signed out' : reason)
  tell(REASONS[reason])
})
auth.on('storageDegraded', () => tell('The browser denies its storage: the session lives in this page alone.'))

followTheClock()
const { status } = await auth.start()
if (status === 'authenticated' && !timeline.current) {
  beginToken('restored', issuedAt() ?? Date.now(), auth.explain().at(-1)?.generation ?? 0)
  tell('Welcome back: the session was restored.')
}

function beginToken(origin: Origin, from: number, generation: number) {
  if (auth.state.status !== 'authenticated') return
  retryAt = undefined
  timeline.begin({ generation, origin, from, expiresAt: auth.state.expiresAt })
  setText(byId('generation', HTMLElement), `${generation}, ${origin}`)
}

/** A restored token is older than this page: its claim says since when it has lived. */
function issuedAt(): number | undefined {
  const seconds = auth.state.status === 'authenticated' ? auth.state.claims?.iat : undefined
  return seconds && Math.min(seconds * 1000, Date.now())
}

/** The state decides what stands on the page; nothing else does. */
function showState(state: AuthState<User>) {
  const focusIsInside = byId('signed-in', HTMLElement).contains(document.activeElement)
  byId('loading', HTMLElement).hidden = state.status !== 'loading'
  byId('signed-out', HTMLElement).hidden = state.status !== 'unauthenticated'
  byId('signed-in', HTMLElement).hidden = state.status !== 'authenticated'
  for (const id of ['expire', 'revoke']) byId(id, HTMLButtonElement).disabled = state.status !== 'authenticated'

  if (state.status === 'authenticated') showPerson(state)
  if (state.status === 'unauthenticated') {
    const reason = byId('reason', HTMLElement)
    setText(reason, REASONS[state.reason])
    reason.hidden = state.reason === 'never'
    byId('claims', HTMLElement).replaceChildren(h('tr', {}, h('td', { colspan: '2' }, 'Nobody is signed in.')))
    if (focusIsInside) byId('username', HTMLInputElement).focus()
  }
}

function showPerson({ user, claims, freshness }: SignedIn) {
  setText(byId('who', HTMLElement), user?.username ?? claims?.sub ?? 'somebody')
  setText(byId('roles', HTMLElement), user?.roles.join(', ') ?? '–')
  setText(byId('freshness', HTMLElement), freshness === 'fresh' ? 'fresh' : 'stale: no server to renew it yet')
  byId('freshness', HTMLElement).classList.toggle('alarm', freshness === 'stale')
  const rows = Object.entries(claims ?? {}).map(([name, value]) =>
    h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, claimInWords(name, value))),
  )
  byId('claims', HTMLElement).replaceChildren(...rows)
}

function claimInWords(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (['iat', 'nbf', 'exp'].includes(name) && typeof value === 'number') return `${value} (${clockTime(value * 1000)})`
  return JSON.stringify(value)
}

function connectSignIn() {
  const form = byId('sign-in', HTMLFormElement)
  const username = byId('username', HTMLInputElement)
  const password = byId('password', HTMLInputElement)
  const problem = byId('sign-in-error', HTMLElement)
  const button = form.querySelector('button')

  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    setText(problem, '')
    if (button) button.disabled = true
    try {
      await auth.login({ username: username.value, password: password.value })
      byId('who-title', HTMLElement).focus()
    } catch (error) {
      setText(problem, signInProblem(error))
      password.focus()
      password.select()
    } finally {
      if (button) button.disabled = false
    }
  })
}

/** Codes are for the program, words for the person: what the server said comes first. */
function signInProblem(error: unknown): string {
  if (!isAuthError(error)) throw error
  if (error.code === 'network' || error.code === 'timeout') return 'The server cannot be reached.'
  if (error.code === 'rate_limited') return `Too many attempts. Try again at ${clockTime(error.retryAt ?? Date.now())}.`
  const { message } = (error.data ?? {}) as { message?: unknown }
  return typeof message === 'string' ? message : `Signing in did not work (${error.code}).`
}

function tell(news: string) {
  setText(byId('news', HTMLElement), `${clockTime(Date.now())} ${news}`)
}

function showCall(call: Call) {
  const isTokenCall = ['/login', '/refresh', '/logout'].includes(call.path)
  if (call.endedAt !== undefined && !isTokenCall) {
    const answer = call.answer === 'failed' ? 'no answer' : String(call.answer)
    if (call.again) timeline.mark('retried', call.endedAt, answer)
    else if (Number(call.answer) < 400) timeline.mark('ok', call.endedAt, '')
    else timeline.mark('refused', call.endedAt, answer)
  }
  const rows = wire.calls.slice(-WIRE_ROWS).reverse()
  byId('wire', HTMLElement).replaceChildren(...rows.map(wireRow))
}

function wireRow({ method, path, token, again, startedAt, answer }: Call): HTMLElement {
  const kind = answer === undefined ? '' : Number(answer) < 400 ? 'good' : 'bad'
  return h(
    'tr',
    {},
    h('td', {}, clockTime(startedAt)),
    h('td', {}, `${method} ${path}`, ...(again ? [' ', h('small', {}, 'again')] : [])),
    h('td', {}, h('code', {}, token ?? '–')),
    h('td', {}, h('span', { class: `chip ${kind}` }, String(answer ?? '…'))),
  )
}

function showExplanation() {
  const entries = auth.explain()
  const signature = JSON.stringify(entries.at(-1))
  if (signature === explained) return
  explained = signature
  const items = entries
    .slice(-EXPLAINED_ROWS)
    .reverse()
    .map(({ at, what, why, generation }) => {
      const token = generation === undefined ? '' : ` (token ${generation})`
      return h('li', {}, h('time', {}, clockTime(at)), ' ', h('b', {}, what), ' ', why, h('small', {}, token))
    })
  byId('explain', HTMLElement).replaceChildren(...items)
}

/** Moves what moves: twenty times a second, or once where the person prefers less motion. */
function followTheClock() {
  const prefersStill = matchMedia('(prefers-reduced-motion: reduce)')
  let drawnAt = 0
  requestAnimationFrame(function frame() {
    const now = Date.now()
    if (now - drawnAt >= (prefersStill.matches ? 1000 : 50)) {
      drawnAt = now
      timeline.draw(now)
      dial.draw(now, timeline.current, retryAt)
      showExplanation()
    }
    requestAnimationFrame(frame)
  })
}
