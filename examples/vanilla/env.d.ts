/** The addresses of the two example servers: examples/start.ts puts them here. */
declare const __API__: { readonly body: string; readonly cookie: string }
