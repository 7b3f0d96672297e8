import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { ensureEngines } from '../browser/ensure-browser.ts'
import { formatReport } from './report.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The file that gathers the figures of a run. */
    readonly stormReport: string
    /** What the random choices of a run follow from. */
    readonly stormSeed: number
  }
}

let folder: string | undefined

/** Vitest's global setup: the engines are there, or the run fails here. */
export function setup(project: TestProject): void {
  ensureEngines()
  folder = mkdtempSync(join(tmpdir(), 'storm-report-'))
  const seed = Number(process.env.STORM_SEED ?? Math.floor(Math.random() * 1e9))
  project.provide('stormReport', join(folder, 'figures'))
  project.provide('stormSeed', seed)
  console.log(`STORM_SEED=${seed} STORM_SCALE=${process.env.STORM_SCALE ?? 1}`)
}

/** Prints what all storms have come to. */
export function teardown(): void {
  if (!folder) return
  console.log(formatReport(join(folder, 'figures')))
  rmSync(folder, { recursive: true, force: true })
}
