import { defineDevtools, type Recorder, record, watchFetch } from 'latchkey/devtools'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { signedIn } from '../support/client.ts'
import { trapGlobals } from '../support/globals.ts'

describe('watchFetch', () => {
  async function watched(answer: () => Promise<Response>): Promise<{ recorder: Recorder; fetch: typeof fetch }> {
    const { client } = await signedIn()
    const recorder = record(client)
    onTestFinished(() => recorder.stop())
    const fetch = watchFetch('latchkey', answer)
    await vi.waitUntil(() => recorder.others.length > 0)
    return { recorder, fetch }
  }

  it('shows the calls of a worker in each tab', async () => {
    const { recorder, fetch } = await watched(async () => new Response('{"access_token":"SECRET"}'))

    await fetch('https://api.test/refresh', { method: 'POST', body: 'SECRET' })

    await vi.waitUntil(() => recorder.others[0]?.requests[0]?.answer)
    expect(recorder.others).toMatchObject([
      { role: 'worker', number: 0, requests: [{ method: 'POST', path: '/refresh', answer: 200 }] },
    ])
    expect(JSON.stringify(recorder.others)).not.toContain('SECRET')
    expect(recorder.own.number).toBe(1)
  })

  it('does without what only secure contexts have', async () => {
    for (const [holder, name] of [
      [crypto, 'randomUUID'],
      [navigator, 'locks'],
    ] as const) {
      Object.defineProperty(holder, name, { value: undefined, configurable: true })
      onTestFinished(() => void Reflect.deleteProperty(holder, name))
    }
    const fetch = watchFetch('latchkey', async () => new Response('mine'))

    expect(await (await fetch('https://api.test/refresh')).text()).toBe('mine')
  })

  it('hands on what the fetch under it throws', async () => {
    const { recorder, fetch } = await watched(() => Promise.reject(new TypeError('Failed to fetch')))

    await expect(fetch('https://api.test/refresh')).rejects.toThrow('Failed to fetch')

    await vi.waitUntil(() => recorder.others[0]?.requests[0]?.answer === 'failed')
  })
})

describe('latchkey/devtools where there is no page', () => {
  it('touches no global when it is imported, and defines nothing', async () => {
    const names = ['document', 'window', 'HTMLElement', 'navigator', 'localStorage', 'BroadcastChannel', 'location']
    vi.resetModules()
    const { touched, undo } = trapGlobals(names)
    try {
      await import('../../src/devtools/index.ts')
    } finally {
      undo()
    }
    expect(touched).toEqual([])

    vi.stubGlobal('customElements', undefined)
    onTestFinished(() => void vi.unstubAllGlobals())
    expect(defineDevtools).not.toThrow()
  })
})
