/** The address of the example server: start.ts puts it here. */
declare const __PASSKEYS_API__: string
