// The requests of the journal: loaded once, then followed by server-sent events.

import { call, follow } from './api.js';
import { render, state } from './state.js';

/** The maximum number of requests that the page keeps: the default size of a journal. */
const MAX_ENTRIES = 10_000;
/** The number of requests that are loaded first, so that there is something to see at once. */
const FIRST = 100;
/** The interval in which requests without a response are looked for, in milliseconds. */
const POLL = 2000;
/** The time before a lost connection is tried again, in milliseconds. */
const RETRY = 1000;

export const journal = {
  /** By their numbers, oldest first. */
  entries: [],
  dropped: 0,
  isLoaded: false,
  /** While the journal is paused, the entries that are shown. */
  paused: null,
};

let stream = null;
/** While the journal is loaded: what came by the stream meanwhile. */
let arrived = null;
/** The entries that match the search, for as long as neither has changed. */
let found = { entries: null, version: -1, query: null, result: [] };
let version = 0;

/** Follows the journal for as long as the page is open. */
export async function followJournal() {
  for (;;) {
    stream = new AbortController();
    try {
      await follow('events', stream.signal, load, (name, data) => {
        if (name === 'dropped') journal.dropped += data.count;
        if (name === 'request') add(data);
        render();
      });
    } catch (error) {
      if (error.status) state.connectionError = error.message;
    }
    state.connection = 'lost';
    render();
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
}

/** Loads the whole journal: events have only what comes after them. */
async function load() {
  state.connection = 'live';
  state.connectionError = null;
  arrived = [];
  try {
    replaceAll(await call('GET', `requests?limit=${FIRST}`));
    replaceAll(await call('GET', `requests?limit=${MAX_ENTRIES}`));
    arrived = null;
  } catch {
    stream.abort();
  }
}

function replaceAll({ requests, dropped }) {
  journal.entries = requests;
  journal.dropped = dropped;
  journal.isLoaded = true;
  version += 1;
  for (const entry of arrived ?? []) insert(entry);
  render();
}

function add(entry) {
  arrived?.push(entry);
  insert(entry);
}

/** Inserts a request in the order of the numbers, or replaces it if it had no response yet. */
function insert(entry) {
  const { entries } = journal;
  let index = entries.length;
  while (index > 0 && entries[index - 1].id >= entry.id) index -= 1;

  entries.splice(index, entries[index]?.id === entry.id ? 1 : 0, entry);
  // Removing many at once is cheaper than one at a time.
  if (entries.length > MAX_ENTRIES * 1.1) entries.splice(0, entries.length - MAX_ENTRIES);
  version += 1;
}

/** Looks for requests that wait for their response, which no event tells. */
export function pollRequestsInFlight() {
  setInterval(async () => {
    if (document.hidden || state.connection !== 'live' || !journal.isLoaded) return;
    const after = journal.entries.at(-1)?.id ?? 0;
    try {
      const { requests } = await call('GET', `requests?after=${after}&limit=100`);
      for (const entry of requests) {
        if (!entry.outcome && !findEntry(entry.id)) insert(entry);
      }
      if (requests.length > 0) render();
    } catch {
      // The stream of events shows that the connection is lost.
    }
  }, POLL);
}

/** Removes all requests, here and in the server. */
export async function clearJournal() {
  await call('DELETE', 'requests');
  journal.entries = [];
  journal.dropped = 0;
  journal.paused &&= [];
  version += 1;
}

/** Stops or continues to show new requests. */
export function pauseJournal(isPaused) {
  journal.paused = isPaused ? [...journal.entries] : null;
  version += 1;
}

export function findEntry(id) {
  return journal.entries.find((entry) => entry.id === Number(id));
}

/** Returns the entries that contain every word of a query, oldest first. */
export function search(query) {
  const entries = journal.paused ?? journal.entries;
  if (query.trim() === '') return entries;

  if (found.version !== version || found.query !== query || found.entries !== entries) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const result = entries.filter((entry) =>
      words.every((word) => searchText(entry).includes(word)),
    );
    found = { entries, version, query, result };
  }
  return found.result;
}

/** The text of an entry that a search looks at. It is made once, and lives as long as the entry. */
const texts = new WeakMap();

function searchText(entry) {
  let text = texts.get(entry);
  if (text === undefined) {
    const { outcome } = entry;
    const values = [
      `#${entry.id}`,
      entry.time,
      entry.endpoint,
      entry.method,
      entry.path,
      entry.grant_type,
      entry.client_id,
      entry.merchant_id,
      entry.correlation_id,
      entry.certificate,
      entry.scheme,
      outcome?.status,
      outcome?.error,
      outcome?.scenario,
      outcome?.fault,
      outcome?.row && `row ${outcome.row}`,
      ...Object.entries(entry.params).flatMap(([name, value]) => [
        name,
        value.fingerprint ?? value,
      ]),
      ...entry.issued.flatMap(({ type, jti, fingerprint }) => [type, jti, fingerprint]),
      ...entry.notes,
    ];
    text = values
      .filter((value) => value != null)
      .join('\n')
      .toLowerCase();
    texts.set(entry, text);
  }
  return text;
}
