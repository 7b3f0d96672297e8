import { isAuthError } from 'latchkey'
import type { RecordedRequest, Recorder } from 'latchkey/devtools'
import { type Auth, addressOf, apiUrl } from './client.ts'
import { byId, h, setText } from './dom.ts'
import { network } from './network.ts'
import { HINTS } from './texts.ts'

const BREAK_FOR = 20_000
const SLOW_BY = 2_000
const SHOWN = 220 // characters of an answer
const LATE_BY = 3_000 // the answer to the refresh in which a tab is killed
const UNDER_WAY = 5_000 // to wait at most until a refresh is
const SPENT = 400 // the server has spent the refresh token by then

/** What the buttons need: the client, what it has sent, and where their news goes. */
export interface ControlContext {
  readonly auth: Auth
  readonly recorder: Recorder
  tell(news: string): void
  /** Called when this tab is about to be killed in mid-refresh. */
  onKill(): void
}

/** Brings the buttons to life: one half uses the API as an app does, the other half plays the unkind world. */
export function connectControls({ auth, recorder, tell, onKill }: ControlContext): void {
  const answer = byId('answer', HTMLElement)
  for (const path of ['todos', 'admin', 'public']) onClick(`call-${path}`, () => call(path))

  byId('second-tab', HTMLAnchorElement).href = addressOf({})
  setText(byId('second-tab-hint', HTMLElement), HINTS.secondTab)
  setText(byId('kill-hint', HTMLElement), HINTS.kill)
  onClick('sign-out', () => auth.logout())

  setText(byId('break-for', HTMLElement), `${BREAK_FOR / 1000} seconds`)
  onClick('expire', async () => {
    await control({ expireAccessTokens: true })
    tell('The server refuses the token from now on. Call /todos to see it recover.')
  })
  onClick('break', async () => {
    await control({ fail: { route: 'refresh', status: 503, forMs: BREAK_FOR } })
    tell(`Renewal answers 503 for ${BREAK_FOR / 1000} seconds.`)
  })
  onClick('revoke', async () => {
    if (auth.state.status !== 'authenticated' || !auth.state.user) return
    await control({ revoke: auth.state.user.username })
    tell('The session is revoked. The next call or renewal finds out.')
  })
  onClick('kill', kill)
  control({ latencyMs: 0, lateRefreshMs: 0 }).catch(() => tell('The example server does not answer.')) // left over from before a reload
  onToggle('slow', async (on) => {
    await control({ latencyMs: on ? SLOW_BY : 0 })
    tell(on ? `Each answer takes ${SLOW_BY / 1000} seconds more.` : 'The server is quick again.')
  })
  onToggle('offline', (on) => {
    network.isOffline = on
    tell(on ? 'Offline: every call fails.' : 'Online again.')
    if (!on) dispatchEvent(new Event('online')) // as the browser does; the client tries at once
  })

  /** The server spends the refresh token at once, and answers late: by then this tab is gone. */
  async function kill() {
    await control({ lateRefreshMs: LATE_BY })
    const since = Date.now()
    auth.getAccessToken({ forceRefresh: true }).catch(() => undefined) // its failure is an event, too
    const isUnderWay = ({ kind, startedAt, answer }: RecordedRequest) =>
      kind === 'refresh' && startedAt >= since && answer === undefined
    while (!allRequests(recorder).some(isUnderWay)) {
      if (Date.now() - since > UNDER_WAY) {
        await control({ lateRefreshMs: 0 })
        return tell('No refresh came under way: this tab lives on.')
      }
      await sleep(20)
    }
    await sleep(SPENT)
    onKill()
    close() // which browsers allow only to some tabs
    await sleep(100)
    location.assign('about:blank')
  }

  /** An app's own code is the one line with `auth.http`; the rest shows what went over the wire meanwhile. */
  async function call(path: string) {
    const last = recorder.own.requests.at(-1)?.number ?? 0
    answer.replaceChildren(`GET /${path} …`)
    let words: string
    try {
      const response = await auth.http.get(path, { throwHttpErrors: false })
      words = shorten(await response.text())
    } catch (error) {
      words = isAuthError(error) ? `${error.code}: ${error.message}` : String(error)
    }
    const since = recorder.own.requests.filter(({ number }) => number > last)
    answer.replaceChildren(h('b', {}, `GET /${path}`), ' ', ...trail(since, `/${path}`), h('code', {}, words))
  }

  function onClick(id: string, run: () => Promise<void>) {
    byId(id, HTMLButtonElement).addEventListener('click', () => {
      run().catch((error: unknown) => tell(`That did not work: ${String(error)}`))
    })
  }

  /** A toggle is pressed once the world has changed, not before. */
  function onToggle(id: string, change: (on: boolean) => void | Promise<void>) {
    const button = byId(id, HTMLButtonElement)
    onClick(id, async () => {
      const on = button.ariaPressed !== 'true'
      await change(on)
      button.ariaPressed = String(on)
    })
  }
}

function sleep(duration: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration))
}

/** Tells the example server how to behave. Only the demo has this route. */
async function control(order: object): Promise<void> {
  const response = await fetch(`${apiUrl}/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  })
  if (!response.ok) throw new Error(`the server answered ${response.status} to /control`)
}

/** The way of one call, such as `401 → renewed → 200`. */
function trail(requests: readonly RecordedRequest[], path: string): Node[] {
  const steps = requests.flatMap(({ kind, path: to, answer, replayOf }) => {
    if (kind === 'refresh' && answer !== 200) return `renewal: ${answer}`
    if (to !== path) return []
    return replayOf === undefined ? String(answer) : ['renewed', String(answer)]
  })
  return steps.flatMap((step, index) => {
    const chip = h('span', { class: `chip ${chipKind(step)}` }, step)
    return index === 0 ? [chip] : [h('span', { class: 'arrow' }, ' → '), chip]
  })
}

/** What this page and the worker have sent, oldest first. */
export function allRequests({ own, others }: Recorder): (RecordedRequest & { readonly isWorkers: boolean })[] {
  return [own, ...others.filter(({ role }) => role === 'worker')]
    .flatMap(({ role, requests }) => requests.map((request) => ({ ...request, isWorkers: role === 'worker' })))
    .sort((one, other) => one.startedAt - other.startedAt)
}

function chipKind(step: string): string {
  return step === 'renewed' || step.startsWith('2') ? 'good' : 'bad'
}

function shorten(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)} …` : text
}
