import { invariant } from '@filon/core/errors';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { openServices } from './services/open-services.ts';
import { ServicesContext } from './services/services.ts';
import { preferences } from './state/preferences.ts';
import './styles/base.css';
import './styles/frame.css';
import './styles/side.css';

const root = document.getElementById('root');
invariant(root !== null, 'index.html has a root');
document.documentElement.dataset['theme'] = preferences.get().theme;
const services = openServices();
createRoot(root).render(
  <StrictMode>
    <ServicesContext value={services}>
      <App />
    </ServicesContext>
  </StrictMode>,
);
