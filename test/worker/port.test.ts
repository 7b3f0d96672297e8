import { type AuthBackend, jsonBackend } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { all, pass } from '../tabs/several-tabs.ts'
import { openHostedTabs, startWorker, workerFor } from './shared-worker.ts'

describe('a port to the worker', () => {
  /** A page that asks by hand; each answer as it comes. */
  function ask(worker: ReturnType<typeof workerFor>) {
    const port = worker.connect()
    const answers: { number: number; answer?: { accessToken: string }; error?: { code: string } }[] = []
    port.on('message', (data) => answers.push(data))
    let number = 0
    return {
      answers,
      async refresh(refreshToken: string, which = 'session 1', delay = 0) {
        number += 1
        const tokens = { accessToken: 'old', refreshToken }
        const request = { storageKey: 'latchkey', which, tokens, held: undefined, delay, timeout: 10_000 }
        port.postMessage({ call: 'refresh', number, ...request })
        await pass(delay)
        return answers.find((answer) => answer.number === number)
      },
      async forget(which?: string) {
        port.postMessage({ call: 'forget', storageKey: 'latchkey', which })
        await pass()
      },
    }
  }

  async function askers() {
    const { server, tabs } = await openHostedTabs(1)
    await all([tabs[0].client.getAccessToken({ forceRefresh: true })])
    tabs[0].client.dispose()
    const worker = workerFor(server)
    const before = server.refreshes
    return { server, one: ask(worker), two: ask(worker), calls: () => server.refreshes - before }
  }

  it('gets the same answer as all who name the same refresh, until one of them has stored it', async () => {
    const { server, one, two, calls } = await askers()
    const token = server.current.refreshToken as string
    const first = await one.refresh(token)
    const second = await two.refresh(token)
    expect(first?.answer?.accessToken).toBe(server.current.accessToken)
    expect(second?.answer).toEqual(first?.answer)
    expect(calls()).toBe(1)
    await two.forget('session 1')
    const third = await one.refresh(server.current.refreshToken as string, 'session 2')
    expect(third?.answer?.accessToken).not.toBe(first?.answer?.accessToken)
    expect(calls()).toBe(2)
  })

  /** A page that asks a worker whose backend refreshes like this. */
  async function askerOf(refresh: NonNullable<AuthBackend['refresh']>) {
    const { server, tabs } = await openHostedTabs(1)
    tabs[0].client.dispose()
    return ask(startWorker({ ...jsonBackend({ baseUrl: server.baseUrl }), refresh }))
  }

  it('K3: gets no lifetime where the backend knows none', async () => {
    const { refresh } = await askerOf(async () => ({ accessToken: 'new', lifetime: Number.NaN }))
    expect((await refresh('r'))?.answer).toEqual({ accessToken: 'new' })
  })

  it('joins a call that hangs for three timeouts, and then makes another one', async () => {
    let calls = 0
    const { refresh } = await askerOf(async () => {
      calls += 1
      return calls === 1 ? new Promise(() => undefined) : { accessToken: 'new' }
    })
    await refresh('r')
    await pass(29_000)
    await refresh('r')
    expect(calls).toBe(1)
    await pass(1000)
    expect(await refresh('r')).toMatchObject({ answer: { accessToken: 'new' } })
    expect(calls).toBe(2)
  })

  it('gets nothing kept once the answer was forgotten: the spent token meets the server', async () => {
    const { server, one, two, calls } = await askers()
    const token = server.current.refreshToken as string
    await one.refresh(token)
    await one.forget('session 1')
    expect(await two.refresh(token)).toMatchObject({ error: { code: 'refresh_rejected', status: 401 } })
    expect(calls()).toBe(2)
  })

  it('forgets all of a session at its sign-out, and another refresh by no mistake', async () => {
    const { server, one, two } = await askers()
    const token = server.current.refreshToken as string
    const first = await one.refresh(token)
    await two.forget('session 99')
    expect((await two.refresh(token))?.answer).toEqual(first?.answer)
    await two.forget()
    expect(await two.refresh(token)).toMatchObject({ error: { code: 'refresh_rejected' } })
  })

  it('waits for as long as it asks to before a call that is news', async () => {
    const { server, one, calls } = await askers()
    const asked = one.refresh(server.current.refreshToken as string, 'session 1', 800)
    expect(calls()).toBe(0)
    expect((await asked)?.answer?.accessToken).toBe(server.current.accessToken)
    expect(calls()).toBe(1)
  })

  it('gets nothing by a page’s own words, once the page has stored what they brought', async () => {
    const { server, tabs, worker } = await openHostedTabs(2)
    await all([tabs[0].client.getAccessToken({ forceRefresh: true })], 1000)
    const words = worker.asked.find((each) => 'call' in each && each.call === 'refresh')
    expect(JSON.stringify(words)).toContain('refresh-')
    const port = worker.connect()
    const answers: unknown[] = []
    port.on('message', (data) => answers.push(data))
    port.postMessage(words)
    await pass(1000)
    expect(answers).toMatchObject([{ error: { code: 'refresh_rejected' } }])
    for (const token of server.issued) expect(JSON.stringify(answers)).not.toContain(token)
  })
})
