/** Draws calls a second over time, on a logarithmic scale, as an SVG that can be read in the light and in the dark. */

export interface Line {
  readonly name: string
  /** Its colour: a class of the style below. */
  readonly look: 'ours' | 'naive' | 'flat'
  readonly at: (second: number) => number
}

export interface Plot {
  readonly title: string
  readonly from: number
  readonly until: number
  /** How many seconds are one on the axis, which is called `axis`, and how many of those lie between two marks. */
  readonly unit: number
  readonly axis: string
  readonly step: number
  readonly lines: readonly Line[]
  /** Times that are shaded, with what happens in them. */
  readonly bands: readonly { readonly from: number; readonly until: number; readonly name: string }[]
  /** The exponents of ten at the bottom and at the top. */
  readonly decades: readonly [lowest: number, highest: number]
}

const [WIDTH, HEIGHT] = [840, 360]
const AREA = { left: 76, right: 824, top: 66, bottom: 308 }
const STYLE = `
text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2937 }
.title { font-size: 15px; font-weight: 600 }
.page { fill: #ffffff }
.grid { stroke: #e5e7eb }
.band { fill: #9ca3af; fill-opacity: .18 }
.small { font-size: 12px; fill: #4b5563 }
path { fill: none; stroke-width: 1.6; stroke-linejoin: round }
.ours { stroke: #2563eb }
.naive { stroke: #d9480f }
.flat { stroke: #4b5563; stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) {
text { fill: #e5e7eb }
.page { fill: #0d1117 }
.grid { stroke: #30363d }
.small { fill: #b1bac4 }
.ours { stroke: #6ea8fe }
.naive { stroke: #ff9d5c }
.flat { stroke: #b1bac4 }
}`

export function drawPlot({ title, from, until, unit, axis, step, lines, bands, decades }: Plot): string {
  const [lowest, highest] = decades
  const x = (second: number): number => AREA.left + ((second - from) / (until - from)) * (AREA.right - AREA.left)
  const y = (calls: number): number => {
    const exponent = Math.min(highest, Math.max(lowest, Math.log10(Math.max(calls, 1e-9))))
    return AREA.bottom - ((exponent - lowest) / (highest - lowest)) * (AREA.bottom - AREA.top)
  }

  const pathOf = (line: Line): string => {
    // The most of each bin, a pixel wide: a crowd of a minute in a day would fall between two samples.
    const bin = Math.max(1, (until - from) / (AREA.right - AREA.left))
    const points: (readonly [number, number])[] = []
    for (let at = from; at < until; at += bin) {
      let most = 0
      for (let second = Math.floor(at); second < Math.min(at + bin, until); second += 1)
        most = Math.max(most, line.at(second))
      points.push([Math.round(x(at)), Math.round(y(most) * 2) / 2])
    }
    const kept = points.filter(([, height], index) => {
      const isLevel = points[index - 1]?.[1] === height && points[index + 1]?.[1] === height
      return !isLevel
    })
    return `<path class="${line.look}" d="M${kept.map(([left, height]) => `${left} ${height}`).join('L')}"/>`
  }

  const rows = Array.from({ length: highest - lowest + 1 }, (_, index) => {
    const height = y(10 ** (lowest + index))
    const name = (10 ** (lowest + index)).toLocaleString('en')
    return `<line class="grid" x1="${AREA.left}" x2="${AREA.right}" y1="${height}" y2="${height}"/>
<text x="${AREA.left - 8}" y="${height + 4}" text-anchor="end">${name}</text>`
  })
  const columns: string[] = []
  for (let at = Math.ceil(from / unit / step) * step; at * unit <= until; at += step)
    columns.push(`<text x="${Math.round(x(at * unit))}" y="${AREA.bottom + 20}" text-anchor="middle">${at}</text>`)
  const shades = bands.map(({ from: begin, until: end, name }) => {
    const left = Math.round(x(begin))
    const width = Math.max(2, Math.round(x(end)) - left)
    return `<rect class="band" x="${left}" y="${AREA.top}" width="${width}" height="${AREA.bottom - AREA.top}"/>
<text class="small" x="${left + width + 5}" y="${AREA.top - 4}">${name}</text>`
  })
  let left = AREA.left
  const legend = lines.map(({ name, look }) => {
    const entry = `<path class="${look}" d="M${left} 40h22"/><text x="${left + 28}" y="44">${name}</text>`
    left += 52 + Math.round(name.length * 7)
    return entry
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
<style>${STYLE}
</style>
<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="6"/>
<text class="title" x="${AREA.left}" y="21">${title}</text>
${[...legend, ...rows, ...shades, ...columns].join('\n')}
<text class="small" x="${(AREA.left + AREA.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${axis}</text>
<text class="small" transform="translate(16 ${(AREA.top + AREA.bottom) / 2}) rotate(-90)" text-anchor="middle">calls a second</text>
${lines.map(pathOf).join('\n')}
</svg>
`
}
