// The Journal view: the requests as they come, newest first.

import { realmUrl } from './api.js';
import { entryPanel } from './entry.js';
import { clearJournal, findEntry, journal, pauseJournal, search } from './journal_store.js';
import { go, routeTo } from './route.js';
import { attempt, render, state } from './state.js';
import { emptyState, statusClass, statusText, timeOfDay } from './ui.js';
import { html, nothing } from './vendor/lit-html.js';

const NARROW = matchMedia('(max-width: 45rem)');
/** The number of rows that are drawn above and below those that can be seen. */
const OVERSCAN = 8;
const COLUMNS = ['Time', 'Endpoint', 'What', 'Client', 'Merchant', 'Status', 'Error'];

const view = {
  /** The number of the request that the arrow keys have reached. */
  active: null,
  scrollTop: 0,
  height: 600,
  /** The newest request at the time of the last rendering, to keep the place while others come. */
  newest: null,
};

NARROW.addEventListener('change', render);

export function journalView() {
  const { id, query } = state.route;
  const entries = search(query);
  const selected = id === null ? null : findEntry(id);

  return html`
    <div class="toolbar">
      <input type="search" id="search" placeholder="Search (/)" aria-label="Search the journal" aria-keyshortcuts="/"
        autocomplete="off" spellcheck="false" .value=${query} @input=${typed} @keydown=${leaveSearch}>
      <button type="button" aria-pressed=${journal.paused !== null} @click=${togglePause}>${journal.paused ? 'Resume' : 'Pause'}</button>
      <button type="button" ?disabled=${journal.entries.length === 0} @click=${() => attempt(clearJournal, 'The journal is empty now.')}>Clear</button>
      <p class="count" role="status">${countText(entries.length, query)}</p>
    </div>
    <div class=${selected ? 'split' : 'whole'}>
      ${entries.length === 0 ? emptyJournal(query) : grid(entries)}
      ${id === null ? nothing : entryPanel(id, selected, close)}
    </div>`;
}

function countText(found, query) {
  const total = (journal.paused ?? journal.entries).length;
  const parts = [query.trim() === '' ? `${total} requests` : `${found} of ${total} requests`];
  if (journal.dropped > 0) parts.push(`${journal.dropped} older ones dropped`);
  if (journal.paused) {
    const missed = journal.entries.length - total;
    parts.push(missed > 0 ? `paused, ${missed} new` : 'paused');
  }
  return parts.join(', ');
}

function emptyJournal(query) {
  if (!journal.isLoaded) return html`<p class="soft">Loading …</p>`;
  if (query.trim() !== '') {
    return emptyState(
      'No request matches',
      html`No request in the journal contains “${query}”.
      <a href=${routeTo('journal')}>Show all requests</a>`,
    );
  }
  const line =
    `curl ${realmUrl('oauth2/v3/token')} -d grant_type=authorization_code -d client_id=8l57hYffFb` +
    ' -d client_secret=yourClientSecret -d code=eyJraK';
  return emptyState('No requests yet', 'Requests appear here as they arrive. Send one:', line);
}

/** The rows that can be seen, in a space that is as high as all of them. */
function grid(entries) {
  const rowHeight = NARROW.matches ? 54 : 34;
  keepPlace(entries, rowHeight);
  const first = Math.max(0, Math.floor(view.scrollTop / rowHeight) - OVERSCAN);
  const count = Math.ceil(view.height / rowHeight) + 2 * OVERSCAN;
  const last = Math.min(entries.length, first + count);

  const rows = [];
  for (let row = first; row < last; row += 1)
    rows.push(gridRow(entries[entries.length - 1 - row], row));

  const hasActive = rows.length > 0 && entries.some((entry) => entry.id === view.active);
  return html`
    <div role="grid" class="grid" id="grid" aria-label="Requests" tabindex="0" aria-rowcount=${entries.length + 1}
      aria-activedescendant=${hasActive ? `request-${view.active}` : nothing} @keydown=${moveBy} @scroll=${scrolled}>
      <div role="rowgroup" class="grid-head"><div role="row" class="grid-row" aria-rowindex="1">
        ${COLUMNS.map((name) => html`<span role="columnheader">${name}</span>`)}</div></div>
      <div role="rowgroup" class="grid-body" .style=${`height:${entries.length * rowHeight}px`}>
        <div role="presentation" .style=${`transform:translateY(${first * rowHeight}px)`}>${rows}</div>
      </div>
    </div>`;
}

function gridRow(entry, row) {
  const { outcome } = entry;
  const isSelected = String(entry.id) === state.route.id;
  const isActive = entry.id === view.active;
  return html`
    <div role="row" id=${`request-${entry.id}`} aria-rowindex=${row + 2} aria-selected=${isSelected}
      class=${`grid-row ${statusClass(outcome)}${isActive ? ' active' : ''}`} @click=${() => open(entry)}>
      <span role="gridcell">${timeOfDay(entry.time)}</span>
      <span role="gridcell">${entry.endpoint}</span>
      <span role="gridcell" class="what" title=${`${entry.method} ${entry.path}`}>${what(entry)}</span>
      <span role="gridcell">${entry.client_id}</span>
      <span role="gridcell">${entry.merchant_id}</span>
      <span role="gridcell" class="status">${statusText(outcome)}</span>
      <span role="gridcell" class="error">${outcome?.error ?? outcome?.fault}${
        outcome?.scenario ? html` <span class="by">by ${outcome.scenario}</span>` : nothing
      }${
        entry.notes.length > 0
          ? html` <span class="notes" title=${entry.notes.join('\n')}>${entry.notes.length} notes</span>`
          : nothing
      }</span>
    </div>`;
}

/** What the request is about, in a few words. */
function what(entry) {
  if (entry.endpoint === 'token' && entry.grant_type) return entry.grant_type;
  return `${entry.method} ${entry.path}`;
}

/** While the newest requests are not in view, those in view stay where they are. */
function keepPlace(entries, rowHeight) {
  const newest = entries.at(-1).id;
  if (view.scrollTop > 0 && view.newest !== null && newest !== view.newest) {
    let added = 0;
    while (added < entries.length && entries[entries.length - 1 - added].id > view.newest)
      added += 1;
    view.scrollTop += added * rowHeight;
    const { scrollTop } = view;
    queueMicrotask(() => {
      const grid = document.getElementById('grid');
      if (grid) grid.scrollTop = scrollTop;
    });
  }
  view.newest = newest;
}

function scrolled({ currentTarget }) {
  view.scrollTop = currentTarget.scrollTop;
  view.height = currentTarget.clientHeight;
  render();
}

function open(entry) {
  view.active = entry.id;
  go(routeTo('journal', entry.id, state.route.query));
}

/** Closes the open request. */
export function close() {
  if (state.route.id === null) return;
  go(routeTo('journal', null, state.route.query));
  requestAnimationFrame(() => document.getElementById('grid')?.focus());
}

function moveBy(event) {
  const entries = search(state.route.query);
  const last = entries.length - 1;
  const page = Math.max(1, Math.floor(view.height / 34) - 1);
  const steps = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -Infinity,
    End: Infinity,
  };
  const index = entries.findIndex((entry) => entry.id === view.active);
  const row = index < 0 ? -1 : last - index;

  if (event.key === 'Enter' && row >= 0) {
    event.preventDefault();
    open(entries[index]);
  } else if (event.key in steps) {
    event.preventDefault();
    const target = Math.min(last, Math.max(0, row + steps[event.key]));
    activate(entries[last - target], target, event.currentTarget);
  }
}

/** Moves to a request, and scrolls so that it can be seen. An open panel follows. */
function activate(entry, row, grid) {
  view.active = entry.id;
  const rowHeight = NARROW.matches ? 54 : 34;
  const room = grid.clientHeight - 2 * rowHeight;
  if (row * rowHeight < grid.scrollTop) grid.scrollTop = row * rowHeight;
  if (row * rowHeight > grid.scrollTop + room) grid.scrollTop = row * rowHeight - room;

  if (state.route.id === null) render();
  else go(routeTo('journal', entry.id, state.route.query), true);
}

function typed(event) {
  view.scrollTop = 0;
  go(routeTo('journal', state.route.id, event.target.value), true);
}

function leaveSearch(event) {
  if (event.key === 'Escape' && event.target.value !== '') {
    event.preventDefault();
    event.stopPropagation();
    go(routeTo('journal', state.route.id), true);
  } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
    event.preventDefault();
    document.getElementById('grid')?.focus();
  }
}

function togglePause() {
  pauseJournal(journal.paused === null);
  render();
}
