import { describe, expect, it } from 'vitest'
import { type Interceptor, interceptWire, type Wire } from '../../src/devtools/recording/wire.ts'

const answering = (): Wire => ({ fetch: async () => new Response('network') })
const bodyOf = async (wire: Wire): Promise<string | undefined> => (await wire.fetch?.('https://api.test/'))?.text()
/** Writes its name around what comes from nearer the network. */
const wrapping =
  (name: string): Interceptor =>
  async (input, init, next) =>
    new Response(`${name}(${await (await next(input, init)).text()})`)

describe('the wire', () => {
  it('asks whoever came first, and the network last', async () => {
    const wire = answering()
    for (const name of ['first', 'second', 'third']) interceptWire(wire, wrapping(name))

    expect(await bodyOf(wire)).toBe('first(second(third(network)))')
  })

  it.each([
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ])('is as it was when all have left, in the order %i, %i, %i', async (...order) => {
    const wire = answering()
    const before = wire.fetch
    const undo = ['0', '1', '2'].map((name) => interceptWire(wire, wrapping(name)))

    undo[order[0] as number]?.()
    expect(await bodyOf(wire)).toBe(
      `${Math.min(order[1] as number, order[2] as number)}(${Math.max(order[1] as number, order[2] as number)}(network))`,
    )
    undo[order[1] as number]?.()
    expect(await bodyOf(wire)).toBe(`${order[2]}(network)`)
    undo[order[2] as number]?.()
    expect(wire.fetch).toBe(before)
  })

  it('lets everybody leave twice, and come back', async () => {
    const wire = answering()
    const leave = interceptWire(wire, wrapping('one'))
    leave()
    leave()
    interceptWire(wire, wrapping('two'))
    leave()

    expect(await bodyOf(wire)).toBe('two(network)')
  })

  it('leaves a `fetch` alone that somebody else has put over it', async () => {
    const wire = answering()
    const leave = interceptWire(wire, wrapping('ours'))
    const inner = wire.fetch
    const theirs: Wire['fetch'] = async (input, init) =>
      new Response(`theirs(${await (await inner?.(input, init))?.text()})`)
    wire.fetch = theirs
    leave()
    expect(wire.fetch).toBe(theirs)
    expect(await bodyOf(wire)).toBe('theirs(network)')

    const leaveAgain = interceptWire(wire, wrapping('again'))
    expect(await bodyOf(wire)).toBe('again(theirs(network))')
    leaveAgain()
    expect(wire.fetch).toBe(theirs)
  })

  it('looks up the global `fetch` at each call where the app gave none', async () => {
    const wire: Wire = { fetch: undefined }
    const leave = interceptWire(wire, wrapping('ours'))
    const { fetch } = globalThis
    globalThis.fetch = async () => new Response('patched')
    const body = await bodyOf(wire)
    globalThis.fetch = fetch
    leave()

    expect(body).toBe('ours(patched)')
    expect(wire.fetch).toBeUndefined()
  })

  it('lets a request go on that began before somebody left', async () => {
    const wire = answering()
    let go = (): void => undefined
    const leave = interceptWire(wire, async (input, init, next) => {
      await new Promise<void>((resolve) => {
        go = resolve
      })
      return next(input, init)
    })
    interceptWire(wire, wrapping('second'))
    const answer = bodyOf(wire)
    leave()
    go()

    expect(await answer).toBe('second(network)')
  })

  it('keeps two wires apart', async () => {
    const [one, other] = [answering(), answering()]
    interceptWire(one, wrapping('one'))

    expect([await bodyOf(one), await bodyOf(other)]).toEqual(['one(network)', 'network'])
  })
})
