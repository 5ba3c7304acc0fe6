// The service, spoken to from its own page. The key, where one is needed, lasts as long as the browser tab.

const KEY = "llm-twin-key";

/** What the service refused, or that it could not be reached (status 0). */
export class ApiError extends Error {
  constructor(status, message, { retryAfter = null, requestId = null } = {}) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
    this.requestId = requestId;
  }
}

export function keep(key) {
  sessionStorage.setItem(KEY, key);
}

function headers(body) {
  const key = sessionStorage.getItem(KEY);
  return {
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(key ? { Authorization: `Bearer ${key}` } : {}),
  };
}

async function fetched(path, { body, signal } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: headers(body),
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "");
  }
  if (!response.ok) throw await refused(response);
  return response;
}

async function refused(response) {
  let message = "";
  try {
    message = (await response.json()).error?.message ?? "";
  } catch {
    // A proxy in between may answer with a page of its own; the status says enough.
  }
  return new ApiError(response.status, message, {
    retryAfter: seconds(response.headers.get("Retry-After")),
    requestId: response.headers.get("X-Request-Id"),
  });
}

function seconds(header) {
  const number = Number.parseInt(header ?? "", 10);
  return Number.isFinite(number) && number >= 0 ? Math.min(number, 600) : null;
}

export async function getJson(path) {
  return (await fetched(path)).json();
}

export async function postJson(path, body) {
  return (await fetched(path, { body })).json();
}

/**
 * POST /v1/chat/completions as a stream; `onChunk` gets each chunk as it comes. Returns when the
 * answer is whole; throws ApiError, also when the stream ends before it, and AbortError when stopped.
 */
export async function streamed(body, signal, onChunk) {
  const response = await fetched("/v1/chat/completions", { body: { ...body, stream: true }, signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const events = (rest + value).split(/\r?\n\r?\n/);
      rest = events.pop();
      for (const event of events) {
        const data = dataOf(event);
        if (data === "[DONE]") return;
        if (data) onChunk(checked(JSON.parse(data)));
      }
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof ApiError) throw error;
    throw new ApiError(0, "");
  } finally {
    reader.cancel().catch(() => {});
  }
  throw new ApiError(0, "The connection ended before the answer was finished.");
}

function dataOf(event) {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(5).trim()).join("\n");
}

function checked(chunk) {
  if (chunk.error) throw new ApiError(chunk.error.status ?? 500, chunk.error.message ?? "");
  return chunk;
}
