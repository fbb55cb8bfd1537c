/** Spanish of the frame, and the list of what has to be said: a language that lacks a word is a type error. */
export const es = {
  nav: {
    chat: 'Chat',
    models: 'Modelos',
    training: 'Entrenamiento',
    network: 'Red',
    status: 'Estado',
    main: 'Secciones',
    skip: 'Ir al contenido',
    openMenu: 'Abrir el menú',
    closeMenu: 'Cerrar el menú',
    soon: 'Esta página llega pronto.',
    loading: 'Cargando…',
    broken: 'Esta parte de la página no se pudo mostrar. Si el nodo se actualizó, basta con recargarla.',
    reload: 'Recargar la página',
    offline:
      'No hay red. Las conversaciones guardadas se pueden leer; para seguir hace falta llegar al nodo.',
  },
  preferences: {
    language: 'Idioma',
    theme: 'Tema',
    themes: { system: 'Sistema', light: 'Claro', dark: 'Oscuro' },
    languages: { es: 'Español', en: 'English' },
  },
  common: {
    close: 'Cerrar',
    cancel: 'Cancelar',
    save: 'Guardar',
    remove: 'Eliminar',
    copy: 'Copiar',
    copied: 'Copiado',
    retry: 'Reintentar',
  },
};
