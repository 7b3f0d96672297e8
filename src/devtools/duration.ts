const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const

/** A duration in its two largest units: `14 min 5 s`. */
export function duration(milliseconds: number): string {
  let rest = Math.round(Math.abs(milliseconds) / 1000)
  const first = UNITS.findIndex(([size]) => rest >= size)
  if (first < 0) return '0 s'
  const words: string[] = []
  for (const [size, unit] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count) words.push(`${count} ${unit}`)
  }
  return words.join(' ')
}

/** A moment as seen from `now`. */
export function relative(at: number, now: number): string {
  return at > now ? `in ${duration(at - now)}` : `${duration(now - at)} ago`
}
