/** Finds an element of index.html, and says which one is missing rather than failing later. */
export function byId<E extends Element>(id: string, type: new () => E): E {
  const element = document.getElementById(id)
  if (element instanceof type) return element
  throw new Error(`index.html needs a ${type.name} with the id "${id}".`)
}

/** Makes an element. Text goes in as text nodes, so nothing that a server says can become markup. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** Writes text only where it changed: a live region would otherwise repeat itself. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** The time of day, with seconds. */
export function clockTime(at: number): string {
  return clock.format(at)
}

const clock = new Intl.DateTimeFormat('en', { hourCycle: 'h23', hour: '2-digit', minute: '2-digit', second: '2-digit' })
