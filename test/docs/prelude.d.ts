/** What the documents' code blocks lean on: the client of the first block, and functions that an app has. */
declare const auth: import('latchkey').AuthClient
declare function showSignIn(reason?: string): void
declare function render(state: import('latchkey').AuthState, data: unknown): string
declare function upload(token: string): Promise<{ status: number }>

/** Packages that users may have and this repository has not: as much of them as the blocks touch. */
declare module 'axios' {
  const axios: {
    create(config: { baseURL: string; adapter: 'fetch'; env: { fetch: typeof globalThis.fetch } }): object
  }
  // biome-ignore lint/style/noDefaultExport: so does the real one
  export default axios
}
declare module 'openapi-fetch' {
  function createClient(options: { baseUrl: string; fetch: (request: Request) => Promise<Response> }): object
  // biome-ignore lint/style/noDefaultExport: so does the real one
  export default createClient
}
