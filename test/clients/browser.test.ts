import { beforeEach, describe, expect, it } from 'vitest'
import { useMockedSite } from '../browser/mocked-site.ts'
import type {} from './page.ts'

const site = useMockedSite(`${import.meta.dirname}/page.ts`)
beforeEach(() =>
  site.page.evaluate(async () => {
    await window.app.worker.start({ quiet: true })
    await window.app.auth.login({ username: 'johndoe', password: 'password123' })
    window.app.server.forgetRequests()
    window.app.server.expireAccessTokens()
  }),
)

/** What reached the API, and how it was answered. */
const seen = () =>
  site.page.evaluate(() =>
    window.app.server.requestsTo('api').map(({ status, generation, text, headers }) => ({
      status,
      generation,
      text,
      type: headers.get('content-type'),
    })),
  )
const refreshes = () => site.page.evaluate(() => window.app.server.refreshes)

describe('axios by XMLHttpRequest, in Chromium', () => {
  it('renews once for ten requests at once, and all of them succeed', async () => {
    const answers = await site.page.evaluate(async () => {
      const calls = Array.from({ length: 10 }, (_, index) => window.app.xhr.post('/todos', { title: `Todo ${index}` }))
      return (await Promise.all(calls)).map(({ data, request }) => [request.constructor.name, data.body.title])
    })

    expect(answers).toEqual(Array.from({ length: 10 }, (_, index) => ['XMLHttpRequest', `Todo ${index}`]))
    expect(await refreshes()).toBe(1)
    const statuses = (await seen()).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(10)
    expect(statuses.length).toBeLessThanOrEqual(20)
  })

  it('sends a form with a file again as it was', async () => {
    await site.page.evaluate(async () => {
      const form = new FormData()
      form.append('title', 'Photo')
      form.append('file', new File(['x'.repeat(100_000)], 'photo.txt'))
      await window.app.xhr.post('/photos', form)
    })

    const [first, second, ...more] = await seen()
    expect(more).toEqual([])
    expect([first?.status, second?.status]).toEqual([401, 200])
    for (const { text, type } of [first, second].filter((one) => one !== undefined)) {
      const form = await new Response(text, { headers: { 'content-type': String(type) } }).formData()
      expect(form.get('title')).toBe('Photo')
      expect((form.get('file') as File).size).toBe(100_000)
    }
  })

  it('is asked twice and no more where every token is refused', async () => {
    const code = await site.page.evaluate(async () => {
      window.app.server.fail('api', { status: 401, times: Number.POSITIVE_INFINITY })
      return window.app.xhr.get('/todos').catch((error) => `${error.name} ${error.response.status}`)
    })

    expect(code).toBe('AxiosError 401')
    expect(await seen()).toHaveLength(2)
    expect(await refreshes()).toBe(1)
  })

  it('leaves off when it is aborted', async () => {
    const name = await site.page.evaluate(async () => {
      window.app.server.fail('api', 'hang')
      const control = new AbortController()
      const call = window.app.xhr.get('/todos', { signal: control.signal }).catch((error) => error.name)
      while (window.app.server.requestsTo('api').length === 0) await new Promise(requestAnimationFrame)
      control.abort()
      return call
    })

    expect(name).toBe('CanceledError')
  })
})
