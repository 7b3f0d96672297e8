/** For the compiler that knows no single-file components; `vue-tsc` sees their real types. */
declare module '*.vue' {
  const component: import('vue').Component
  // biome-ignore lint/style/noDefaultExport: so does each component
  export default component
}
