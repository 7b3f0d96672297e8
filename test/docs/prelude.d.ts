/// <reference path="../../examples/testing/modules.d.ts" />
/** What the documents' code blocks lean on: the client of the first block, and functions that an app has. */
declare const auth: import('latchkey').AuthClient
declare function showSignIn(reason?: string): void
declare function render(state: import('latchkey').AuthState, data: unknown): string
declare function upload(token: string): Promise<{ status: number }>

/** What those of MIGRATING.md lean on besides: its first block, and the settings of the libraries before. */
declare function startAndMove(
  client: import('latchkey').AuthClient,
  former: {
    area: () => Storage
    isRecord: (key: string) => boolean
    read: (records: Record<string, string>) => import('latchkey').TokenResponse
  },
): Promise<import('latchkey').StartResult<unknown>>
declare const settings: { authority: string; client_id: string }
declare const clientId: string
declare const audience: string
declare const keycloak: { token?: string; refreshToken?: string; idToken?: string }

/** What a server's API says of itself, which clients are typed by. */
declare module '*/router.ts' {
  export type AppRouter = import('@trpc/server').AnyRouter
}
declare module '*/schema.ts' {
  export type paths = import('../clients/schema.ts').paths
}

/** The files beside the recipes of `examples/testing`. */
declare module '*/app.tsx' {
  export function App(): import('react').ReactNode
}
declare module '*/client.ts' {
  interface Credentials {
    username: string
    password: string
  }
  interface User {
    name: string
    roles: readonly string[]
  }
  export const baseUrl: string
  export const auth: import('latchkey').AuthClient<Credentials, User>
}
declare module '*/greeting.ts' {
  export const Greeting: import('vue').DefineComponent
}
declare module '*/server.ts' {
  export const server: import('latchkey/testing').MockAuthServer
}
declare module '*/setup.ts' {
  export const network: import('msw/node').SetupServer
}
interface Window {
  server: import('latchkey/testing').MockAuthServer
}

/** The wrapper of `examples/react`. */
declare module '*/auth.tsx' {
  export function useAuthClient(): import('latchkey').AuthClient
  export function useAuthState<T>(select: (state: import('latchkey').AuthState<{ name: string }>) => T): T
}
