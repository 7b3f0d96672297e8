/** What the documents' code blocks lean on: the client of the first block, and functions that an app has. */
declare const auth: import('latchkey').AuthClient
declare function showSignIn(reason?: string): void
