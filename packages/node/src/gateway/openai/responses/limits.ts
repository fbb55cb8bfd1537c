/** Bounds of `/v1/responses`. */

export const METADATA_MAX = 16;
export const METADATA_KEY_CHARACTERS_MAX = 64;
export const METADATA_VALUE_CHARACTERS_MAX = 512;
export const INCLUDES_MAX = 32;
export const RESPONSE_ID_CHARACTERS_MAX = 128;
/** Of a response's id: too many to guess. */
export const RESPONSE_ID_BYTES = 24;
