/** Something that may be wider than the screen. Where it is, the keyboard can scroll it; where not, it is no stop. */
import { type ReactElement, type ReactNode, useEffect, useRef } from 'react';

export interface ScrollBoxProps {
  className: string;
  label: string;
  children: ReactNode;
}

export function ScrollBox({ className, label, children }: ScrollBoxProps): ReactElement {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const observer = new ResizeObserver(() => {
      if (current.scrollWidth > current.clientWidth) current.tabIndex = 0;
      else current.removeAttribute('tabindex');
    });
    observer.observe(current);
    for (const child of current.children) observer.observe(child);
    return () => observer.disconnect();
  }, []);
  return (
    <section ref={box} className={className} aria-label={label}>
      {children}
    </section>
  );
}
