/** The two small pages that let a browser in, in Spanish and in English. Neither loads anything else. */
import { createHash } from 'node:crypto';

export type Language = 'en' | 'es';

/** The first of ours that the browser asks for. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const wanted = (acceptLanguage ?? '').toLowerCase().match(/\b(en|es)\b/);
  return wanted?.[1] === 'es' ? 'es' : 'en';
}

interface Words {
  login: string;
  opening: string;
  noScript: string;
  loginFailed: string;
  pair: string;
  pairHow: string;
  code: string;
  enter: string;
  pairFailed: string;
  pairWait: string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    login: 'Log in',
    opening: 'Opening…',
    noScript: 'This page needs JavaScript.',
    loginFailed:
      'This link has been used or is too old. “filon login” on the machine of the node prints a new one.',
    pair: 'Pair this device',
    pairHow: 'Type the code that “filon pair” shows on the machine of the node.',
    code: 'Code',
    enter: 'Pair',
    pairFailed: 'That code is wrong, used or too old. “filon pair” shows a new one.',
    pairWait: 'Too many wrong codes came from here. Wait a minute.',
  },
  es: {
    login: 'Entrar',
    opening: 'Abriendo…',
    noScript: 'Esta página necesita JavaScript.',
    loginFailed:
      'Este enlace ya se usó o es demasiado viejo. «filon login» en la máquina del nodo da uno nuevo.',
    pair: 'Vincular este dispositivo',
    pairHow: 'Escribe el código que «filon pair» muestra en la máquina del nodo.',
    code: 'Código',
    enter: 'Vincular',
    pairFailed: 'Ese código está mal, ya se usó o es demasiado viejo. «filon pair» muestra uno nuevo.',
    pairWait: 'Han llegado demasiados códigos equivocados desde aquí. Espera un minuto.',
  },
};

const STYLE = `:root{color-scheme:light dark;font:1.125rem/1.5 system-ui,sans-serif}
body{max-width:24rem;margin:12vh auto;padding:0 1.25rem}
h1{font-size:1.5rem}
label,input,button{display:block;width:100%;box-sizing:border-box}
input,button{font:inherit;padding:.75rem;margin:.25rem 0 1rem;border-radius:.5rem;border:1px solid GrayText}
input{font-family:ui-monospace,monospace;letter-spacing:.15em;text-transform:uppercase}
[role=alert]{padding:.75rem;border-left:.25rem solid #c62828}`;

/** The code is behind the `#`, which no server and no log sees, and goes from the address before it is used. */
const SCRIPT = `const code = location.hash.slice(1);
history.replaceState(null, '', '/login');
const fail = () => { document.body.dataset.state = 'failed'; document.getElementById('failed').hidden = false; document.getElementById('opening').hidden = true; };
if (code === '') fail();
else fetch('/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code }) })
  .then((answer) => (answer.ok ? location.replace('/') : fail()), fail);
addEventListener('hashchange', () => location.reload());`;

const sourceOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  // `no-referrer` would hide the origin of the form too, and we ask for it.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy': [
    "default-src 'none'",
    `script-src ${sourceOf(SCRIPT)}`,
    `style-src ${sourceOf(STYLE)}`,
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
};

export function loginPage(language: Language): Response {
  const words = WORDS[language];
  return page(language, {
    title: words.login,
    status: 200,
    body: `<p id="opening">${words.opening}</p><p id="failed" role="alert" hidden>${words.loginFailed}</p>
<noscript><p role="alert">${words.noScript}</p></noscript><script>${SCRIPT}</script>`,
  });
}

export function pairPage(language: Language, failure: 'wrong' | 'wait' | null): Response {
  const words = WORDS[language];
  const told = { wrong: words.pairFailed, wait: words.pairWait };
  const alert = failure === null ? '' : `<p role="alert">${told[failure]}</p>`;
  return page(language, {
    title: words.pair,
    status: failure === null ? 200 : failure === 'wait' ? 429 : 403,
    body: `<p>${words.pairHow}</p>${alert}
<form method="post" action="/pair"><label for="code">${words.code}</label>
<input id="code" name="code" required maxlength="20" autofocus autocomplete="one-time-code" autocapitalize="characters" spellcheck="false">
<button>${words.enter}</button></form>`,
  });
}

function page(
  language: Language,
  { title, status, body }: { title: string; status: number; body: string },
): Response {
  const html = `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title} · Filon</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>${body}</main></body></html>
`;
  return new Response(html, { status, headers: PAGE_HEADERS });
}
