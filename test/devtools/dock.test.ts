import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { signedIn } from '../support/client.ts'
import { byText, shown } from './element-page.ts'

afterEach(() => window.sessionStorage.clear())

describe('the docked <latchkey-devtools>', () => {
  it('docks in a corner, and opens and closes', async () => {
    const { client } = await signedIn()
    const { element, root } = await shown(client, 'dock')
    expect(root.querySelector('.frame')).toBeNull()

    byText(root, 'Latchkey').click()
    expect(element.open).toBe(true)
    expect(root.querySelector('.frame')).not.toBeNull()

    root.querySelector('.dock')?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    expect(element.open).toBe(false)
    expect(root.querySelector('.frame')).toBeNull()
  })

  it('goes on with what is in force while the dock is closed, and says so; it ends with the element', async () => {
    const { client } = await signedIn()
    const { element, root } = await shown(client, 'dock')
    const toggle = root.querySelector<HTMLElement>('.toggle')
    toggle?.click()
    byText(root, 'Go offline').click()
    await vi.waitUntil(() => byText(root, 'Go offline').getAttribute('aria-pressed') === 'true')

    element.open = false
    expect(toggle?.textContent).toBe('Latchkey · on: Go offline')
    await expect(client.http.get('todos')).rejects.toThrow()
    element.open = true
    byText(root, 'Go offline').click()
    await vi.waitUntil(() => byText(root, 'Go offline').getAttribute('aria-pressed') === 'false')
    element.open = false

    expect(toggle?.textContent).toBe('Latchkey')
    await client.http.get('todos')
    element.open = true
    byText(root, 'Go offline').click()
    await vi.waitUntil(() => byText(root, 'Go offline').getAttribute('aria-pressed') === 'true')
    element.remove()
    await Promise.resolve()
    await client.http.get('todos')
  })

  it('moves the focus from the toggle to the close button, and back', async () => {
    const { client } = await signedIn()
    const { root } = await shown(client, 'dock')
    const toggle = root.querySelector<HTMLElement>('.toggle')

    toggle?.focus()
    toggle?.click()
    expect(root.activeElement?.getAttribute('aria-label')).toBe('Close devtools')
    byText(root, '✕').click()

    expect(root.activeElement).toBe(toggle)
  })

  it('has pages that can be scrolled by keys, and a toggle that does not claim to be one', async () => {
    const { client } = await signedIn()
    const { root } = await shown(client, 'dock')
    expect(root.querySelector('.toggle')?.hasAttribute('aria-expanded')).toBe(false)

    byText(root, 'Latchkey').click()

    expect([...root.querySelectorAll<HTMLElement>('[role=tabpanel]')].map(({ tabIndex }) => tabIndex)).toEqual([
      0, 0, 0,
    ])
  })

  it('says that it could not be loaded, and tries again when it is opened', async () => {
    const { client } = await signedIn()
    const panel = '../../src/devtools/devtools-panel.ts'
    vi.doMock(panel, () => {
      throw new TypeError('Failed to fetch dynamically imported module')
    })
    onTestFinished(() => vi.doUnmock(panel))
    const { element, root } = await shown(client, 'dock', /could not be loaded/)

    vi.doUnmock(panel)
    element.open = true

    await vi.waitUntil(() => root.querySelector('.dock .frame'))
    expect(root.textContent).not.toContain('could not be loaded')
  })
})
