/** What members send: announcements, load, answers, and how they reach one another. */
import { seatAsks, seatTells } from '@filon/core/answering/answer-messages';
import { announcements } from '@filon/core/directory/announcement';
import { announcementCodec } from '@filon/core/directory/announcement-messages';
import { decodeRecord, encodeRecord, RECORD_BYTES_MAX } from '@filon/core/directory/announcement-record';
import { loadCodec } from '@filon/core/directory/load-messages';
import { punchMessages, reachMessages, relayMessages } from '@filon/core/swarm/reach-messages';
import { FrameReader, frameHeader } from '@filon/node/adapters/libp2p/framer';
import { keyNamed, NOW_MS } from '../../test/kit/swarm-keys.ts';
import type { Target } from '../target.ts';
import { messagesTarget, recordTarget } from './codecs.ts';

const hash = new Uint8Array(32);
const peer = keyNamed('peer').key;
const address = '/ip4/192.0.2.7/tcp/4711';

const record: Target = {
  name: 'announcement record',
  seeds: [encodeRecord({ announcement: hash, proof: hash })],
  decode: (bytes) => void decodeRecord(bytes),
  codes: ['WIRE_MALFORMED', 'WIRE_TOO_LARGE'],
  bytesMax: RECORD_BYTES_MAX + 64,
};

/** Whole streams, cut anywhere. */
const frames: Target = {
  name: 'frames',
  seeds: [
    new Uint8Array(
      Buffer.concat([frameHeader(3), hash.subarray(3, 6), frameHeader(20), hash.subarray(0, 20)]),
    ),
    new Uint8Array(Buffer.concat([frameHeader(300), new Uint8Array(300), Uint8Array.of(0)])),
  ],
  decode: (bytes) => {
    const reader = new FrameReader(4096);
    const cut = (bytes[0] ?? 0) % (bytes.length + 1);
    for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) for (const _ of reader.read(part));
  },
  codes: [],
  bytesMax: 10_000,
};

export const MEMBER_TARGETS: readonly Target[] = [
  frames,
  record,
  recordTarget('announcement', announcements, [
    {
      ...{ issuedMs: NOW_MS, expiresMs: NOW_MS + 900_000, version: '0.1.0', serves: 'open', canRelay: true },
      devices: [{ backend: 'cuda', name: 'RTX 3060', memoryBytes: 12e9, count: 6 }],
      models: [
        {
          ...{ model: 'ab'.repeat(32), name: 'smollm2-135m', numericClass: 'class', contextTokens: 8192 },
          ...{ sessionsMax: 8, replayable: true, price: { promptPico: 1n, answerPico: 2n } },
          rates: [{ sessions: 1, prefill: 900.5, decode: 60 }],
        },
      ],
      ...{ stored: ['00'.repeat(32)], addresses: [address], payout: null },
    },
    {
      ...{ issuedMs: NOW_MS, expiresMs: NOW_MS + 900_000, version: '0.1.0', serves: 'own', canRelay: false },
      ...{ devices: [], models: [], stored: [], addresses: [], payout: null, leaves: true },
    },
  ]),
  messagesTarget(announcementCodec, [
    { kind: 'have', ids: hash },
    { kind: 'want', ids: hash },
    { kind: 'records', records: [hash, hash] },
  ]),
  messagesTarget(loadCodec, [
    {
      ...{ kind: 'load', ready: true, active: 1, queued: 0, sessionsMax: 8, queueMs: 0.5, cachedBlocks: 3 },
      commitment: hash,
    },
  ]),
  messagesTarget(reachMessages, [
    { kind: 'look' },
    { kind: 'seen', address, relays: true },
    { kind: 'dial-back', addresses: [address] },
  ]),
  messagesTarget(relayMessages, [
    { kind: 'connect', peer },
    { kind: 'incoming', peer },
  ]),
  messagesTarget(punchMessages, [{ kind: 'punch', address }, { kind: 'go' }]),
  messagesTarget(seatAsks, [
    { kind: 'sit', model: hash, sessions: 1, commitment: null },
    { kind: 'tokenize', call: 1, prompt: '{"text":"hello"}' },
    { kind: 'cancel', session: 1 },
  ]),
  messagesTarget(seatTells, [
    { kind: 'queued', position: 1, estimateMs: 20 },
    { kind: 'refused', code: 'SEAT_FULL', message: 'Later.', position: 3, waitSeconds: 2 },
    { kind: 'failed', call: 1, code: 'SOME_CODE', message: 'Words.' },
    { kind: 'beat' },
  ]),
];
