import { type AuthState, isAuthError } from 'latchkey'
import { defineDevtools, type RecordedGeneration, record } from 'latchkey/devtools'
import { addressOf, createAuth, mode, type User, usesWorker } from './client.ts'
import { allRequests, connectControls } from './controls.ts'
import { createDial } from './dial.ts'
import { byId, clockTime, h, setText } from './dom.ts'
import { PATHS, REASONS, REFRESH_LOST, SHARING, SIGNED_OUT_ELSEWHERE } from './texts.ts'

type SignedIn = Extract<AuthState<User>, { status: 'authenticated' }>

const WIRE_ROWS = 8
const EXPLAINED_ROWS = 10
const KILLED = 'killed in mid-refresh'

const auth = createAuth()
const recorder = record(auth)
const dial = createDial()
const openedAt = Date.now()
const dead = new Set<string>()
let retryAt: number | undefined
let explained = ''
let isLost = false
let hasToken = false

defineDevtools()
const timeline = document.querySelector('latchkey-devtools')
if (timeline) timeline.auth = auth
showModes()
connectControls({ auth, recorder, tell, onKill: () => recorder.note(KILLED) })
connectSignIn()
auth.subscribe(showState)
showState(auth.state)
recorder.subscribe(showRecord)

auth.on('login', ({ generation, origin }) => {
  showToken(generation, origin === 'this-tab' ? 'issued' : 'adopted')
  tell(origin === 'this-tab' ? 'Signed in.' : 'Signed in by another tab.')
})
auth.on('refresh', ({ generation, origin }) => {
  showToken(generation, origin === 'this-tab' ? 'renewed' : 'adopted')
  tell(origin === 'this-tab' ? `Renewed: token ${generation} took over.` : `Token ${generation} came from another tab.`)
})
auth.on('refreshFailed', (event) => {
  const { error, origin } = event
  retryAt = event.retryAt
  const where = origin === 'this-tab' ? '' : ' in another tab'
  tell(`Renewal failed (${error.status ?? error.code})${where}. You are still signed in.`)
})
auth.on('logout', ({ reason, error, origin }) => {
  isLost = error?.code === 'refresh_lost'
  tell(isLost ? REFRESH_LOST : origin === 'this-tab' || reason !== 'logout' ? REASONS[reason] : SIGNED_OUT_ELSEWHERE)
})
auth.on('storageDegraded', () => tell('The browser denies its storage: the session lives in this page alone.'))

followTheClock()
const { status } = await auth.start()
if (status === 'authenticated' && !hasToken) {
  showToken(auth.explain().at(-1)?.generation ?? 0, 'restored')
  tell('Welcome back: the session was restored.')
}

/** The token in use, as it was recorded. */
function currentToken(): RecordedGeneration | undefined {
  const last = recorder.own.generations.at(-1)
  return last?.until === undefined ? last : undefined
}

/** A new token is in use. */
function showToken(generation: number, origin: string) {
  if (auth.state.status !== 'authenticated') return
  hasToken = true
  retryAt = undefined
  setText(byId('generation', HTMLElement), `${generation}, ${origin}`)
}

/** What was sent, and which tabs there are. */
function showRecord() {
  const rows = allRequests(recorder).slice(-WIRE_ROWS).reverse()
  byId('wire', HTMLElement).replaceChildren(...rows.map(wireRow))
  showKill()
  for (const { id, number, moments } of recorder.others) {
    const wasKilled = moments.some(({ label, at }) => label === KILLED && at > openedAt)
    if (wasKilled && !dead.has(id)) {
      dead.add(id)
      follow(number)
    }
  }
}

/** Another tab is gone in mid-refresh: what became of the session shows with the next renewal, so this tab asks for one. */
function follow(number: number) {
  if (auth.state.status !== 'authenticated') return
  tell(`Tab ${number} left in mid-refresh. Renewing, to see what became of the session …`)
  auth.getAccessToken({ forceRefresh: true }).catch(() => undefined) // the events tell
}

/** There has to be a session to renew, and somebody to watch. */
function showKill() {
  const isWatched = recorder.others.some(({ role, closedAt }) => role === 'tab' && closedAt === undefined)
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

function wireRow(request: ReturnType<typeof allRequests>[number]): HTMLElement {
  const { isWorkers, method, path, generation, replayOf, startedAt, answer } = request
  const kind = answer === undefined ? '' : Number(answer) < 400 ? 'good' : 'bad'
  const notes = [...(replayOf === undefined ? [] : ['again']), ...(isWorkers ? ['by the worker'] : [])]
  return h(
    'tr',
    {},
    h('td', {}, clockTime(startedAt)),
    h('td', {}, `${method} ${path}`, ...notes.flatMap((note) => [' ', h('small', {}, note)])),
    h('td', {}, generation === undefined ? '–' : String(generation)),
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
      dial.draw(now, currentToken(), retryAt)
      showExplanation()
    }
    requestAnimationFrame(frame)
  })
}
