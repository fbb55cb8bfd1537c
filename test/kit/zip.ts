/** Writes small zip files for tests, with one stored member, and with a wrong checksum where a test wants that. */
import { crc32 } from 'node:zlib';

export interface ZipOptions {
  wrongChecksum?: boolean;
}

export function writeZip(name: string, content: Uint8Array, options: ZipOptions = {}): Uint8Array {
  const path = Buffer.from(name);
  const checksum = crc32(content) ^ (options.wrongChecksum ? 1 : 0);
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(20, 0);
  facts.writeUInt32LE(checksum >>> 0, 10);
  facts.writeUInt32LE(content.length, 14);
  facts.writeUInt32LE(content.length, 18);
  facts.writeUInt16LE(path.length, 22);
  const local = Buffer.concat([signature(0x04034b50), facts, path, content]);
  const madeBy = Buffer.from([20, 0]);
  const rest = Buffer.alloc(14);
  const central = Buffer.concat([signature(0x02014b50), madeBy, facts, rest, path]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, signature(0x06054b50), end]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
