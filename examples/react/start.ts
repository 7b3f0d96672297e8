import react from '@vitejs/plugin-react'
import { type App, runApp } from '../start-app.ts'

/** The app of this folder. */
export const app: App = {
  root: import.meta.dirname,
  plugins: [react()],
  optimize: [
    'react',
    'react/jsx-dev-runtime',
    'react-dom',
    'react-dom/client',
    'react-router',
    'react-router/dom',
    '@tanstack/react-query',
  ],
}

if (import.meta.main) await runApp('React', app)
