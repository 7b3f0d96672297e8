import { type AuthEvent, type AuthState, isAuthError } from 'latchkey'
import { createAxis } from './axis.ts'
import { addressOf, createAuth, mode, type User, usesWorker } from './client.ts'
import { connectControls } from './controls.ts'
import { createDial } from './dial.ts'
import { byId, clockTime, h, setText } from './dom.ts'
import { createLanes } from './lanes.ts'
import { type Deed, joinTabs, type Tab } from './tabs.ts'
import { PATHS, REASONS, REFRESH_LOST, SHARING, SIGNED_OUT_ELSEWHERE } from './texts.ts'
import { createTimeline, type Origin } from './timeline.ts'
import { type Call, createWire } from './wire.ts'

type SignedIn = Extract<AuthState<User>, { status: 'authenticated' }>

const WIRE_ROWS = 8
const EXPLAINED_ROWS = 10

const wire = createWire(showCall)
const auth = createAuth(wire.fetch)
const root = byId('timeline', HTMLElement)
const axis = createAxis(root)
root.prepend(axis.element)
root.append(h('div', { class: 'now', 'aria-hidden': 'true' }))
const timeline = createTimeline(byId('tokens', HTMLElement), axis)
const tabs = joinTabs({ name: mode, usesWorker, onChange: showTabs, onKilled: follow })
const lanes = createLanes(byId('tabs', HTMLElement), axis, tabs)
const dial = createDial()
let retryAt: number | undefined
let explained = ''
let isLost = false

showModes()
connectControls({
  auth,
  wire,
  tell,
  onKill: () => note('killed', { at: Date.now(), generation: 0, origin: 'this-tab' }),
})
connectSignIn()
auth.subscribe(showState)
showState(auth.state)
new BroadcastChannel(`demo-wire-${mode}`).onmessage = ({ data }: MessageEvent<Call>) => wire.hear(data)

auth.on('login', (event) => {
  beginToken(event.origin === 'this-tab' ? 'issued' : 'adopted', event.at, event.generation)
  note('signed in', event)
  tell(event.origin === 'this-tab' ? 'Signed in.' : 'Signed in by another tab.')
})
auth.on('refresh', (event) => {
  const { at, generation, origin } = event
  beginToken(origin === 'this-tab' ? 'renewed' : 'adopted', at, generation)
  note('renewed', event)
  tell(origin === 'this-tab' ? `Renewed: token ${generation} took over.` : `Token ${generation} came from another tab.`)
})
auth.on('refreshFailed', (event) => {
  const { at, error, origin } = event
  const why = String(error.status ?? error.code)
  retryAt = event.retryAt
  timeline.mark('failed', at, why)
  note('failed', event, why)
  tell(`Renewal failed (${why})${origin === 'this-tab' ? '' : ' in another tab'}. You are still signed in.`)
})
auth.on('logout', (event) => {
  const { at, reason, error, origin } = event
  isLost = error?.code === 'refresh_lost'
  const why = isLost ? 'lost' : reason === 'logout' ? 'out' : reason
  timeline.end(at, why === 'out' ? 'signed out' : why)
  note('signed out', event, why)
  tell(isLost ? REFRESH_LOST : origin === 'this-tab' || reason !== 'logout' ? REASONS[reason] : SIGNED_OUT_ELSEWHERE)
})
auth.on('storageDegraded', () => tell('The browser denies its storage: the session lives in this page alone.'))

followTheClock()
const { status } = await auth.start()
if (status === 'authenticated' && !timeline.current) {
  const generation = auth.explain().at(-1)?.generation ?? 0
  beginToken('restored', issuedAt() ?? Date.now(), generation)
  note('restored', { at: Date.now(), generation, origin: 'other-tab' })
  tell('Welcome back: the session was restored.')
}

function beginToken(origin: Origin, from: number, generation: number) {
  if (auth.state.status !== 'authenticated') return
  retryAt = undefined
  timeline.begin({ generation, origin, from, expiresAt: auth.state.expiresAt })
  setText(byId('generation', HTMLElement), `${generation}, ${origin}`)
}

/** Tells the lanes of all tabs what this one has done, or adopted. */
function note(
  kind: Deed['kind'],
  { at, generation, origin }: Pick<AuthEvent, 'at' | 'generation' | 'origin'>,
  label = '',
) {
  tabs.note({ at, kind, isOwn: origin === 'this-tab', generation, label })
}

/** Another tab is gone in mid-refresh: what became of the session shows with the next renewal, so this tab asks for one. */
function follow({ number }: Tab) {
  if (auth.state.status !== 'authenticated') return
  tell(`Tab ${number} left in mid-refresh. Renewing, to see what became of the session …`)
  auth.getAccessToken({ forceRefresh: true }).catch(() => undefined) // the events tell
}

/** At once, not with the next frame: a tab in the background has none. */
function showTabs() {
  lanes.draw(Date.now())
  showKill()
}

/** There has to be a session to renew, and somebody to watch. */
function showKill() {
  const isWatched = tabs.others.some(({ closedAt }) => closedAt === undefined)
  byId('kill', HTMLButtonElement).disabled = !isWatched || auth.state.status !== 'authenticated'
}

function showModes() {
  byId(`mode-${mode}`, HTMLElement).ariaCurrent = 'page'
  byId(`worker-${usesWorker ? 'on' : 'off'}`, HTMLElement).ariaCurrent = 'page'
  byId('mode-body', HTMLAnchorElement).href = addressOf({ mode: 'body' })
  byId('mode-cookie', HTMLAnchorElement).href = addressOf({ mode: 'cookie' })
  byId('worker-off', HTMLAnchorElement).href = addressOf({ worker: false })
  byId('worker-on', HTMLAnchorElement).href = addressOf({ worker: true })
  byId(`code-${mode}`, HTMLElement).hidden = false
  for (const line of document.querySelectorAll<HTMLElement>('.worker-option')) line.hidden = !usesWorker
  setText(byId('path', HTMLElement), usesWorker ? PATHS.worker : PATHS.page)
  setText(byId('sharing', HTMLElement), SHARING)
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

  showKill()
  if (state.status === 'authenticated') showPerson(state)
  if (state.status === 'unauthenticated') {
    const reason = byId('reason', HTMLElement)
    setText(reason, isLost ? REFRESH_LOST : REASONS[state.reason])
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

function wireRow({ by, method, path, token, again, startedAt, answer }: Call): HTMLElement {
  const kind = answer === undefined ? '' : Number(answer) < 400 ? 'good' : 'bad'
  const notes = [...(again ? ['again'] : []), ...(by === 'worker' ? ['by the worker'] : [])]
  return h(
    'tr',
    {},
    h('td', {}, clockTime(startedAt)),
    h('td', {}, `${method} ${path}`, ...notes.flatMap((note) => [' ', h('small', {}, note)])),
    h('td', {}, h('code', {}, token ?? '–')),
    h('td', {}, h('span', { class: `chip ${kind}` }, String(answer ?? '…'))),
  )
}

function showExplanation() {
  const entries = auth.explain()
  const signature = JSON.stringify(entries.at(-1))
  if (signature === explained) return
  explained = signature
  if (entries.some(({ what }) => what === 'no worker')) setText(byId('path', HTMLElement), PATHS.noWorker)
  const items = entries
    .slice(-EXPLAINED_ROWS)
    .reverse()
    .map(({ at, what, why, generation, origin }) => {
      const where = origin === 'other-tab' && !/another tab/i.test(why) ? ', in another tab' : ''
      const token = generation === undefined ? '' : ` (token ${generation}${where})`
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
      axis.draw(now)
      lanes.draw(now)
      dial.draw(now, timeline.current, retryAt)
      showExplanation()
    }
    requestAnimationFrame(frame)
  })
}
