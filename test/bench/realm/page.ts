/** The realm in a page. */
import { realm } from './realm.ts'

Object.assign(globalThis, { realm })
