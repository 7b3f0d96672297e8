/** What runs beside one subject, in a process of Node or in a page: signs in, repeats, counts. */
import { subjects } from '../subjects/index.ts'
import { type Opened, TODO, TODOS } from '../subjects/subject.ts'
import { clock } from './clock.ts'
import { createServer } from './server.ts'

export type Call = 'get' | 'post' | 'token'
export const CALLS: readonly Call[] = ['get', 'post', 'token']

/** What so many requests at once have come to. */
export interface Toll {
  readonly refreshes: number
  readonly failures: number
  readonly sends: number
  readonly milliseconds: number
  /** What the first who failed was told. */
  readonly reason?: string | undefined
}

export type Realm = typeof realm

const ANSWER = '{"id":1}'

const server = createServer()
/** Looked up at each call: libraries keep the `fetch` that they have met first. */
let network: typeof fetch = server.fetch
let opened: Opened
let ask: () => Promise<unknown>

export const realm = {
  /** Signs in; resolves with what the subject can do. `isLate`: its clock can be put ahead. */
  async open(name: string, isLate: boolean): Promise<readonly string[]> {
    globalThis.fetch = (input, init) => network(input, init)
    if (isLate) clock.install()
    const subject = subjects.find((each) => each.name === name)
    if (!subject) throw new Error(`Nobody is called ${name}.`)
    opened = await (await subject.open())(server)
    await opened.signIn()
    const { get, token } = opened
    const byHand = async (): Promise<unknown> => {
      const headers = { Authorization: `Bearer ${await token?.()}` }
      const response = await fetch(TODOS, { headers })
      if (!response.ok) throw new Error(String(response.status))
      return response.json()
    }
    ask = get ?? byHand
    await check()
    if (!isLate) network = async () => new Response(ANSWER)
    return [...CALLS.filter((call) => opened[call]), ...(opened.heals401 ? ['heals401'] : [])]
  },

  /** Makes calls, one after the other, for so long; resolves with how many and how long. */
  async repeat(call: Call, least: number): Promise<{ calls: number; milliseconds: number }> {
    const run = opened[call] as () => Promise<unknown>
    const start = performance.now()
    let batch = 8
    for (let calls = batch; ; calls += batch) {
      for (let index = 0; index < batch; index += 1) await run()
      const milliseconds = performance.now() - start
      if (milliseconds >= least) return { calls, milliseconds }
      // Looking at the clock should not count: token calls take a fifth of a microsecond.
      if (milliseconds < least / 16) batch *= 2
    }
  },

  /** Signs in again, and lets the token be no good any more: it has expired, or is refused, up to `late` milliseconds after it was sent. */
  async prepare(late: number | null): Promise<void> {
    await opened.signIn()
    server.reset()
    if (late === null) server.expire()
    else server.refuse(late)
  },

  /** Sends so many requests at once. */
  async stampede(count: number): Promise<Toll> {
    const start = performance.now()
    const answers = await Promise.allSettled(Array.from({ length: count }, () => ask()))
    const milliseconds = performance.now() - start
    const failed = answers.filter((answer) => answer.status === 'rejected')
    const reason = failed.length ? String(Object(failed[0]?.reason).message ?? failed[0]?.reason) : undefined
    return { ...server.tally(), failures: failed.length, milliseconds, reason }
  },
}

/** Whether what is measured does what it is measured for. */
async function check(): Promise<void> {
  const id = ((await ask()) as { id?: number }).id
  const echo = opened.post && JSON.stringify(await opened.post())
  if (id !== 1 || (echo && echo !== JSON.stringify(TODO))) throw new Error(`Wrong answers: ${id}, ${echo}.`)
  const { refreshes } = server.tally()
  const first = opened.token && (await opened.token())
  if (opened.token && (!first || first !== (await opened.token()))) throw new Error('Another token each time.')
  if (server.tally().refreshes !== refreshes) throw new Error('A fresh token was renewed.')
}
