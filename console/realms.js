// The realm switcher: it lists the realms, and makes new ones.

import { call } from './api.js';
import { attempt, render, state } from './state.js';
import { options } from './ui.js';
import { html, nothing } from './vendor/lit-html.js';

const NEW = '\u0000new';
let isAsking = false;

export async function loadRealms() {
  const { current, realms } = await call('GET', 'realms');
  state.realm = { current, all: realms };
}

export function realmSwitcher() {
  const { current, all } = state.realm;
  const names = all.map(({ name }) => [name, name]);
  return html`<label>Realm <select @change=${choose} @focus=${() => attempt(loadRealms)}>
    ${options(names.length > 0 ? names : [[current, current]], current)}
    <option value=${NEW}>New realm …</option></select></label>`;
}

function choose(event) {
  const name = event.target.value;
  event.target.value = state.realm.current;
  if (name === NEW) ask();
  else goTo(state.realm.all.find((realm) => realm.name === name));
}

/** Opens the console of a realm, in the same view. */
function goTo(realm) {
  location.href = `${realm.url}/#/${state.route.view}`;
}

function ask() {
  isAsking = true;
  render();
  requestAnimationFrame(() =>
    requestAnimationFrame(() => document.getElementById('realm-dialog')?.showModal()),
  );
}

export function realmDialog() {
  if (!isAsking) return nothing;
  return html`
    <dialog id="realm-dialog" aria-labelledby="realm-title" @close=${closed}>
      <form method="dialog" @submit=${create}>
        <h2 id="realm-title">New realm</h2>
        <p>A realm is an isolated server in the same process, with its own clients, grants, scenarios, journal and clock.</p>
        <p><label>Name <input name="name" required pattern="[a-z0-9\\-]{1,63}" title="1 to 63 of a-z, 0-9 and -" autocomplete="off" spellcheck="false"></label></p>
        <p><label><input type="checkbox" name="listen"> with a port of its own</label></p>
        <p class="buttons"><button type="button" @click=${(event) => event.target.closest('dialog').close()}>Cancel</button><button class="primary">Create</button></p>
      </form>
    </dialog>`;
}

async function create(event) {
  const form = new FormData(event.target);
  const name = form.get('name');
  if (state.realm.all.some((realm) => realm.name === name)) {
    goTo(state.realm.all.find((realm) => realm.name === name));
    return;
  }
  const created = await attempt(() =>
    call('PUT', `realms/${encodeURIComponent(name)}`, { listen: form.get('listen') !== null }),
  );
  if (created) goTo(created);
}

function closed() {
  isAsking = false;
  render();
}
