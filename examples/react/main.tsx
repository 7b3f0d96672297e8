import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createBrowserRouter } from 'react-router'
import { RouterProvider } from 'react-router/dom'
import { AuthProvider } from './auth.tsx'
import { auth } from './client.ts'
import { createQueries } from './queries.ts'
import { createRoutes } from './routes.tsx'

const queries = createQueries(auth)
const router = createBrowserRouter(createRoutes(auth))

createRoot(document.getElementById('app') as HTMLElement).render(
  <StrictMode>
    <AuthProvider auth={auth}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </AuthProvider>
  </StrictMode>,
)
