import { invariant } from '@filon/core/errors';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { preferences } from './state/preferences.ts';
import './styles/base.css';
import './styles/frame.css';

const root = document.getElementById('root');
invariant(root !== null, 'index.html has a root');
document.documentElement.dataset['theme'] = preferences.get().theme;
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
