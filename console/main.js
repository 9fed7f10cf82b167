// The page: header, tabs, and the view that the URL names.

import { call, onTokenNeeded } from './api.js';
import { clientsView, loadClients } from './clients.js';
import { clockView, loadClock } from './clock.js';
import { grantsView, loadGrants } from './grants.js';
import { close, journalView } from './journal.js';
import { followJournal, pollRequestsInFlight } from './journal_store.js';
import { loadRealms, realmDialog, realmSwitcher } from './realms.js';
import { loadReport, reportView } from './report.js';
import { go, readRoute, routeTo } from './route.js';
import { loadScenarios, scenariosView } from './scenarios.js';
import { onRender, render, state } from './state.js';
import { askForToken, tokenDialog } from './token_dialog.js';
import { tokensView } from './tokens.js';
import { html, nothing, render as renderTemplate } from './vendor/lit-html.js';

/** The views in the order of their tabs. `load` reads what a view shows, and is called again while it is open. */
const VIEWS = {
  journal: { name: 'Journal', view: journalView },
  scenarios: { name: 'Scenarios', view: scenariosView, load: loadScenarios },
  grants: { name: 'Grants', view: grantsView, load: loadGrants },
  clients: { name: 'Clients', view: clientsView, load: loadClients },
  clock: { name: 'Clock', view: clockView, load: loadClock },
  tokens: { name: 'Tokens', view: tokensView },
  report: { name: 'Report', view: reportView, load: loadReport },
};
const NAMES = Object.keys(VIEWS);
/** The interval in which a view is loaded again, in milliseconds. */
const RELOAD = 2000;

function page() {
  const current = state.route.view;
  return html`
    <header>
      <h1>smartpay-oauth-mock <span class="version">${state.version}</span></h1>
      ${realmSwitcher()}
      <span class=${`connection ${state.connection}`} role="status">${connectionText()}</span>
      <div role="tablist" aria-label="Views" @keydown=${moveTab}>
        ${NAMES.map(
          (
            name,
          ) => html`<a role="tab" id=${`tab-${name}`} href=${routeTo(name)} aria-controls="view"
          aria-selected=${name === current} tabindex=${name === current ? 0 : -1}>${VIEWS[name].name}</a>`,
        )}
      </div>
    </header>
    <main role="main"><div role="tabpanel" id="view" class="view" aria-labelledby=${`tab-${current}`}>${VIEWS[current].view()}</div></main>
    ${realmDialog()}${tokenDialog()}
    <div class=${`notice ${state.notice?.isError ? 'error' : ''}`} role=${state.notice?.isError ? 'alert' : 'status'} ?hidden=${!state.notice}
      >${state.notice ? html`<span>${state.notice.text}</span><button type="button" @click=${dismiss}>Dismiss</button>` : nothing}</div>`;
}

function connectionText() {
  if (state.connection === 'live') return 'Connected';
  if (state.connection === 'connecting') return 'Connecting …';
  return state.connectionError ?? 'Connection lost. Reconnecting …';
}

function dismiss() {
  state.notice = null;
  render();
}

function moveTab(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const next = NAMES[(NAMES.indexOf(state.route.view) + step + NAMES.length) % NAMES.length];
  go(routeTo(next));
  requestAnimationFrame(() => document.getElementById(`tab-${next}`)?.focus());
}

/** Keys that work everywhere: `/` searches, Escape closes. */
function pressKey(event) {
  const isTyping = event.target.closest?.('input, textarea, select, [contenteditable]');
  if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    if (state.route.view !== 'journal') go(routeTo('journal'));
    setTimeout(() => document.getElementById('search')?.focus(), 30);
  } else if (event.key === 'Escape' && !event.defaultPrevented && state.route.view === 'journal') {
    close();
  }
}

async function loadView() {
  const { load } = VIEWS[state.route.view];
  if (!load || document.hidden) return;
  try {
    await load();
  } catch (error) {
    // The header says so if the server cannot be reached at all.
    if (error.status) state.notice = { text: error.message, isError: true };
  }
  render();
}

function navigate() {
  const { view } = state.route;
  readRoute(NAMES);
  document.title = `${VIEWS[state.route.view].name} – smartpay-oauth-mock`;
  if (state.route.view !== view) loadView();
  render();
}

async function start() {
  readRoute(NAMES);
  // What the page shows until now.
  document.getElementById('app').replaceChildren();
  onRender(() => renderTemplate(page(), document.getElementById('app')));
  onTokenNeeded(askForToken);
  addEventListener('hashchange', navigate);
  addEventListener('keydown', pressKey);
  addEventListener('visibilitychange', loadView);
  render();

  followJournal();
  pollRequestsInFlight();
  setInterval(loadView, RELOAD);
  navigate();
  await Promise.allSettled([
    loadView(),
    loadRealms(),
    call('GET', 'health').then(({ version }) => (state.version = version)),
  ]);
  render();
}

start();
