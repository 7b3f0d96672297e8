/** What is asked of whoever is measured. */
import type { AuthServer } from '../realm/server.ts'

/** Somebody's way to send authenticated requests, or to have a token: a library as its README shows it. */
export interface Subject {
  readonly name: string
  /** Packages, besides Latchkey, whose versions are printed. */
  readonly packages: readonly string[]
  /** Needs a window, so it is not measured in Node. */
  readonly needsWindow?: boolean
  /** What of it is called, and what has to be known to read its figures. */
  readonly how: string
  readonly open: () => Promise<(server: AuthServer) => Opened | Promise<Opened>>
}

/** A subject at work; what it cannot do is not there. */
export interface Opened {
  /** Adopts tokens that the server has issued, as far as it keeps any. */
  signIn(): unknown
  /** GETs `TODOS`; resolves with what the JSON says. */
  get?(): Promise<unknown>
  /** POSTs `TODO` as JSON. */
  post?(): Promise<unknown>
  token?(): Promise<string>
  /** Goes on after a 401 by itself. */
  readonly heals401?: boolean
}

export const API = 'https://api.example.com'
export const TODOS = `${API}/todos`
export const TODO = { title: 'Water the plants', done: false }
