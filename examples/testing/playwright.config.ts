import { defineConfig } from '@playwright/test'

export default defineConfig({
  testMatch: '*.spec.ts',
  use: { baseURL: 'http://localhost:5173' },
  webServer: { command: 'npx vite --mode test --port 5173 --strictPort', url: 'http://localhost:5173' },
})
