import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { startTheme } from '../theme/theme.ts';
import { createQueryClient } from './query-client.ts';
import { type ConsoleRouter, createConsoleRouter } from './router.tsx';

startTheme();
const queryClient = createQueryClient(() => goToSignIn(router));
const router = createConsoleRouter(queryClient);
const root = document.getElementById('root');
if (root === null) throw new Error('The page has no element with the id "root"');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);

/** Whoever is signed out is asked to sign in, and comes back to where they were. */
function goToSignIn(target: ConsoleRouter): void {
  const { pathname, href } = target.state.location;
  if (pathname === '/sign-in') return;
  void target.navigate({ to: '/sign-in', search: href === '/' ? {} : { return: href }, replace: true });
}
