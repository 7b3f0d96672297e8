/** What the pages in Chromium import. */
export { AuthClient, webStorage } from 'latchkey'
export { countCalls } from './made.ts'
export { useClient } from './use-client.ts'
