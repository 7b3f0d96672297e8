const SVG = 'http://www.w3.org/2000/svg'

/** The attributes of an element: `undefined` and `false` leave one out, `true` is the empty string. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** Makes an element. Text goes in as text nodes, so nothing that a server says can become markup. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children)
}

/** Makes an element of a drawing. */
export function s<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS(SVG, tag), attributes, children)
}

/** Writes text only where it changed: a live region would otherwise repeat itself. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** The time of day, with seconds. */
export function clockTime(at: number): string {
  return new Date(at).toTimeString().slice(0, 8)
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly (Node | string)[]): E {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value))
  element.append(...children)
  return element
}
