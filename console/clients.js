// The Clients view: clients and merchants, active or not.

import { call, realmUrl } from './api.js';
import { attempt, render } from './state.js';
import { copyButton, emptyState, toggle } from './ui.js';
import { html, nothing } from './vendor/lit-html.js';

const view = { clients: null, merchants: [], shown: new Set(), editing: null };

export async function loadClients() {
  const [{ clients }, { merchants }] = await Promise.all([
    call('GET', 'clients'),
    call('GET', 'merchants'),
  ]);
  Object.assign(view, { clients, merchants });
}

export function clientsView() {
  if (view.clients === null) return html`<p class="soft">Loading …</p>`;
  return html`<section aria-label="Clients">
    <div class="card"><h2>Clients</h2>${
      view.clients.length === 0
        ? noClients()
        : html`<div class="scroll"><table>
      <thead><tr><th scope="col">Client</th><th scope="col">Name</th><th scope="col">Active</th><th scope="col">Secret</th><th scope="col">Certificate name</th><th scope="col">Redirect URLs</th><th scope="col">Grant types</th></tr></thead>
      <tbody>${view.clients.map(clientRow)}</tbody></table></div>`
    }</div>
    <div class="card"><h2>Merchants</h2><div class="scroll"><table>
      <thead><tr><th scope="col">Merchant</th><th scope="col">Name</th><th scope="col">Active</th><th scope="col">May grant access</th></tr></thead>
      <tbody>${view.merchants.map(merchantRow)}</tbody></table></div></div></section>`;
}

function noClients() {
  const line = `curl -X PUT ${realmUrl('_mock/clients/my-client')} -H 'Content-Type: application/json' -d '{"secret": "my-secret"}'`;
  return emptyState('No clients', 'The fixtures have no client. Add one:', line);
}

function clientRow(client) {
  const { id, name, status, type, redirect_urls: urls, grant_types: grantTypes } = client;
  return html`
    <tr class=${status === 'active' ? '' : 'off'}><th scope="row"><code>${id}</code></th><td>${name}${type === 'public' ? ' (public)' : ''}</td>
      <td>${statusToggle('clients', id, status)}</td><td>${secret(client)}</td><td>${certificate(client)}</td>
      <td>${urls.map((url) => html`<div>${url}</div>`)}</td><td>${grantTypes.map((grantType) => html`<div>${grantType}</div>`)}</td></tr>`;
}

function merchantRow({ id, name, status, can_grant: canGrant }) {
  const change = () => save(`merchants/${encodeURIComponent(id)}`, { can_grant: !canGrant });
  return html`
    <tr class=${status === 'active' ? '' : 'off'}><th scope="row"><code>${id}</code></th><td>${name}</td>
      <td>${statusToggle('merchants', id, status)}</td><td>${toggle(`${id} may grant access`, canGrant, change, canGrant ? 'yes' : 'no')}</td></tr>`;
}

function statusToggle(kind, id, status) {
  const next = status === 'active' ? 'inactive' : 'active';
  return toggle(
    `${id} is active`,
    status === 'active',
    () => save(`${kind}/${encodeURIComponent(id)}`, { status: next }, `${id} is ${next} now.`),
    status,
  );
}

function secret({ id, secret: text }) {
  const isShown = view.shown.has(id);
  const flip = () => {
    if (isShown) view.shown.delete(id);
    else view.shown.add(id);
    render();
  };
  return html`<code>${isShown ? text : '••••••••'}</code>
    <button type="button" aria-label=${`${isShown ? 'Hide' : 'Show'} the secret of ${id}`} @click=${flip}>${isShown ? 'Hide' : 'Show'}</button>
    ${isShown ? copyButton('Copy', text, `secret ${id}`) : nothing}`;
}

/** The name that the client's certificate must have, and the form that changes it. */
function certificate({ id, certificate_cn: name }) {
  if (view.editing !== id) {
    return html`${name ?? html`<span class="soft">any</span>`} <button type="button" aria-label=${`Edit the certificate name of ${id}`} @click=${() => edit(id)}>Edit</button>`;
  }
  const submit = (event) => {
    event.preventDefault();
    const text = new FormData(event.target).get('name').trim();
    view.editing = null;
    save(`clients/${encodeURIComponent(id)}`, { certificate_cn: text === '' ? null : text });
  };
  return html`<form @submit=${submit}><input name="name" aria-label=${`Certificate name of ${id}`} .value=${name ?? ''} size="14" autocomplete="off">
    <button>Save</button> <button type="button" @click=${() => edit(null)}>Cancel</button></form>`;
}

function edit(id) {
  view.editing = id;
  render();
  requestAnimationFrame(() =>
    requestAnimationFrame(() => document.querySelector('input[name="name"][size]')?.focus()),
  );
}

async function save(path, change, text = 'Saved.') {
  await attempt(() => call('PATCH', path, change), text);
  await attempt(loadClients);
}
