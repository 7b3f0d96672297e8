/** A session of the W3C WebDriver protocol; its commands are sent one after the other. */
export interface Session {
  readonly version: string
  window(): Promise<string>
  newTab(): Promise<string>
  switchTo(handle: string): Promise<void>
  goto(handle: string, url: string): Promise<void>
  closeTab(handle: string): Promise<void>
  run<Argument, Result>(
    handle: string,
    fn: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>
  quit(): Promise<void>
}

interface Outcome {
  readonly value?: unknown
  readonly error?: string
}

/** Opens a session with the browser `binary`. */
export async function openSession(base: string, binary: string): Promise<Session> {
  const alwaysMatch = { 'webkitgtk:browserOptions': { binary, args: ['--automation'] } }
  const opened = (await send('POST', `${base}/session`, { capabilities: { alwaysMatch } })) as {
    sessionId: string
    capabilities: { browserName: string; browserVersion: string }
  }
  const session = `${base}/session/${opened.sessionId}`
  const post = (path: string, body: object = {}): Promise<unknown> => send('POST', session + path, body)
  const get = (path: string): Promise<unknown> => send('GET', session + path)
  await post('/timeouts', { script: 60_000, pageLoad: 30_000 })

  let queue: Promise<unknown> = Promise.resolve()
  /** There is one current window: whoever uses it has it alone. */
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work)
    queue = done.catch(() => undefined)
    return done
  }
  const within = <T>(handle: string, work: () => Promise<T>): Promise<T> =>
    alone(async () => {
      await post('/window', { handle })
      return work()
    })

  return {
    version: `${opened.capabilities.browserName} ${opened.capabilities.browserVersion}`,
    window: () => alone(async () => (await get('/window')) as string),
    newTab: () =>
      alone(async () => {
        const [living] = (await get('/window/handles')) as string[]
        await post('/window', { handle: living })
        return ((await post('/window/new', { type: 'tab' })) as { handle: string }).handle
      }),
    switchTo: (handle) => within(handle, async () => undefined),
    goto: (handle, url) => within(handle, async () => void (await post('/url', { url }))),
    closeTab: (handle) => within(handle, async () => void (await send('DELETE', `${session}/window`))),
    run: <Argument, Result>(
      handle: string,
      fn: (argument: Argument) => Result | Promise<Result>,
      argument: Argument,
    ): Promise<Result> =>
      within(handle, async () => {
        const script = `const done = arguments[arguments.length - 1]
          Promise.resolve().then(() => (${fn})(arguments[0])).then(
            (value) => done({ value }),
            (error) => done({ error: String(error) }),
          )`
        const { value, error } = (await post('/execute/async', { script, args: [argument ?? null] })) as Outcome
        if (error !== undefined) throw new Error(error)
        return value as Result
      }),
    quit: async () => void (await send('DELETE', session)),
  }
}

async function send(method: string, url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const { value } = (await response.json()) as { value: { error?: string; message?: string } }
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`)
  return value
}
