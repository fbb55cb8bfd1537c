/** The side: sections, what the chat adds to it, and the preferences. On a phone it is a drawer. */
import { type ReactElement, type RefObject, useCallback, useEffect, useRef } from 'react';
import { useWords } from '../i18n/words.ts';
import { ConversationSide } from '../side/conversation-side.tsx';
import { hrefOf, type Route } from '../state/route.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import mark from './mark.svg';
import { PreferenceChoices } from './preference-choices.tsx';

const SECTIONS: readonly { route: Route; icon: IconName }[] = [
  { route: { page: 'chat', conversation: null }, icon: 'chat' },
  { route: { page: 'models' }, icon: 'models' },
  { route: { page: 'training', run: null }, icon: 'training' },
  { route: { page: 'network' }, icon: 'network' },
  { route: { page: 'status' }, icon: 'status' },
];

export interface SidePanelProps {
  route: Route;
  /** Says something only where the side is a drawer. */
  isOpen: boolean;
  onOpen: (isOpen: boolean) => void;
}

export function SidePanel({ route, isOpen, onOpen }: SidePanelProps): ReactElement {
  const words = useWords();
  const { opener, closer, close } = useDrawer(isOpen, onOpen);
  return (
    <>
      <button
        ref={opener}
        type="button"
        className="icon-button drawer-opener"
        aria-label={words.nav.openMenu}
        aria-expanded={isOpen}
        onClick={() => onOpen(true)}
      >
        <Icon name="menu" />
      </button>
      {isOpen ? <div className="drawer-shade" onClick={close} aria-hidden="true" /> : null}
      <aside className="side" data-open={isOpen} aria-label="Filon">
        <div className="side-head">
          <span className="brand">
            <img src={mark} alt="" width="28" height="28" />
            Filon
          </span>
          <button
            ref={closer}
            type="button"
            className="icon-button drawer-closer"
            aria-label={words.nav.closeMenu}
            onClick={close}
          >
            <Icon name="close" />
          </button>
        </div>
        <nav aria-label={words.nav.main}>
          {SECTIONS.map((section) => (
            <a
              key={section.route.page}
              className="side-link"
              href={hrefOf(section.route)}
              aria-current={section.route.page === route.page ? 'page' : undefined}
            >
              <Icon name={section.icon} />
              {words.nav[section.route.page]}
            </a>
          ))}
        </nav>
        <ConversationSide shown={route.page === 'chat' ? route.conversation : null} />
        <PreferenceChoices />
      </aside>
    </>
  );
}

interface Drawer {
  opener: RefObject<HTMLButtonElement | null>;
  closer: RefObject<HTMLButtonElement | null>;
  close: () => void;
}

/** The focus goes in with the drawer and back with it; Escape and a followed link close it. */
function useDrawer(isOpen: boolean, onOpen: (isOpen: boolean) => void): Drawer {
  const opener = useRef<HTMLButtonElement>(null);
  const closer = useRef<HTMLButtonElement>(null);
  const close = useCallback((): void => {
    onOpen(false);
    opener.current?.focus();
  }, [onOpen]);
  useEffect(() => {
    if (!isOpen) return;
    closer.current?.focus();
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close();
    };
    const onMove = (): void => onOpen(false);
    addEventListener('keydown', onKey);
    addEventListener('hashchange', onMove);
    return () => {
      removeEventListener('keydown', onKey);
      removeEventListener('hashchange', onMove);
    };
  }, [isOpen, close, onOpen]);
  return { opener, closer, close };
}
