// The control API of this page's realm. All URLs are relative to the page, so that they reach the
// same realm through any host, port or path prefix.

const CONTROL = new URL('_mock/', location.href.split(/[?#]/)[0]);
const TOKEN_KEY = 'smartpay-oauth-mock control token';

/** A failed call. The message is for people. */
export class ApiError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** Asks the user for the control token; main.js sets it. Resolves to null if the user gives none. */
let askForToken = async () => null;
let asking = null;

export function onTokenNeeded(ask) {
  askForToken = ask;
}

/** Calls an operation and returns its JSON, or null for a response without a body. */
export async function call(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { 'content-type': 'application/json' };
    options.body = JSON.stringify(body);
  }

  const response = await send(path, options);
  const text = await response.text();
  return text === '' ? null : JSON.parse(text);
}

/** Returns the absolute URL of a path of the realm, such as `oauth2/v3/token`. */
export function realmUrl(path) {
  return new URL(`../${path}`, CONTROL).href;
}

/**
 * Follows the server-sent events of a path. `onOpen` is called when the stream is open, `onEvent`
 * with the name and the data of each event. Returns when the stream ends.
 *
 * EventSource would do the same, but cannot send the control token.
 */
export async function follow(path, signal, onOpen, onEvent) {
  const response = await send(path, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  onOpen();

  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;

    const events = (text + value).split('\n\n');
    text = events.pop();
    for (const event of events) {
      const fields = Object.fromEntries(event.split('\n').map(field));
      if (fields.event) onEvent(fields.event, JSON.parse(fields.data));
    }
  }
}

function field(line) {
  const colon = line.indexOf(': ');
  return colon < 1 ? ['', ''] : [line.slice(0, colon), line.slice(colon + 2)];
}

async function send(path, options) {
  for (;;) {
    const token = sessionStorage.getItem(TOKEN_KEY);
    const headers = { ...options.headers, ...(token && { authorization: `Bearer ${token}` }) };
    const response = await reach(path, { ...options, headers });
    if (response.ok) return response;
    if (response.status !== 401) throw await failure(response);

    // Several calls may fail at once; one dialog asks for all of them.
    if (token === sessionStorage.getItem(TOKEN_KEY)) {
      asking ??= askForToken(token !== null).finally(() => (asking = null));
      const given = await asking;
      if (given === null) throw await failure(response);
      sessionStorage.setItem(TOKEN_KEY, given);
    }
  }
}

async function reach(path, options) {
  try {
    return await fetch(new URL(path, CONTROL), { ...options, cache: 'no-store' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError('The server cannot be reached.');
  }
}

async function failure(response) {
  const problem = await response.json().catch(() => ({}));
  const members = (problem.errors ?? []).map((error) => `${error.pointer}: ${error.detail}`);
  const detail = members.length > 1 ? members.join('; ') : problem.detail;
  return new ApiError(
    detail ?? `The server responded with status ${response.status}.`,
    response.status,
  );
}
