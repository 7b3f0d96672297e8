import type { RouteObject } from 'react-router'
import type { Auth } from './auth.tsx'
import { requireAuth } from './guard.ts'
import { Layout, Loading } from './layout.tsx'
import { AdminPage } from './pages/admin.tsx'
import { MissingPage, ProblemPage } from './pages/problem.tsx'
import { SignInPage } from './pages/sign-in.tsx'
import { TodosPage } from './pages/todos.tsx'
import { Protected } from './protected.tsx'

/** The pages; those below `Protected` are for people who are signed in. */
export function createRoutes(auth: Auth): RouteObject[] {
  return [
    {
      Component: Layout,
      HydrateFallback: Loading,
      ErrorBoundary: ProblemPage,
      children: [
        { path: '/sign-in', Component: SignInPage },
        {
          Component: Protected,
          loader: requireAuth(auth),
          children: [
            { path: '/', Component: TodosPage },
            { path: '/admin', Component: AdminPage },
          ],
        },
        { path: '*', Component: MissingPage },
      ],
    },
  ]
}
