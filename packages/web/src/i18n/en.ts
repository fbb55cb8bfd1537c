/** English of the frame. */
import type { es } from './es.ts';

export const en: typeof es = {
  nav: {
    chat: 'Chat',
    models: 'Models',
    training: 'Training',
    network: 'Network',
    status: 'Status',
    main: 'Sections',
    skip: 'Skip to the content',
    openMenu: 'Open the menu',
    closeMenu: 'Close the menu',
    soon: 'This page comes soon.',
    loading: 'Loading…',
    broken: 'This part of the page could not be shown. If the node was updated, reloading is enough.',
    reload: 'Reload the page',
    offline: 'There is no network. Kept conversations can be read; going on needs the node.',
  },
  preferences: {
    language: 'Language',
    theme: 'Theme',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    languages: { es: 'Español', en: 'English' },
  },
  common: {
    close: 'Close',
    cancel: 'Cancel',
    save: 'Save',
    remove: 'Delete',
    copy: 'Copy',
    copied: 'Copied',
    retry: 'Try again',
  },
};
