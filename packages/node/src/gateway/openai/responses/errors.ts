/** What `/v1/responses` refuses beside what every API does. */
export type ResponsesErrorDetails =
  /** There is no such response, or it is somebody else's. */
  { code: 'RESPONSE_PREVIOUS_UNKNOWN'; field: 'previous_response_id' };
