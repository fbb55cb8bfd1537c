/** What the page may do in a browser: load its own parts and call this node, and the gateways that its operator named. */

const DIRECTIVES: readonly string[] = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  // The reader of PDF files works beside the page.
  "worker-src 'self'",
  "manifest-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
];

/** `gateways`: origins that the page may call beside its own. */
export function pagePolicy(gateways: readonly string[]): string {
  const calls = ["connect-src 'self'", ...gateways].join(' ');
  return DIRECTIVES.map((one) => (one.startsWith('connect-src') ? calls : one)).join('; ');
}

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': pagePolicy([]),
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'x-content-type-options': 'nosniff',
};
