// The Grants view: what merchants consented to, and codes and tokens without a browser.

import { call, realmUrl } from './api.js';
import { routeTo } from './route.js';
import { attempt, render } from './state.js';
import { accountOptions, copyButton, dateAndTime, emptyState } from './ui.js';
import { html, nothing } from './vendor/lit-html.js';

const view = {
  grants: null,
  clients: [],
  merchants: [],
  client: null,
  merchant: null,
  issued: null,
};

export async function loadGrants() {
  const [{ grants }, { clients }, { merchants }] = await Promise.all([
    call('GET', 'grants'),
    call('GET', 'clients'),
    call('GET', 'merchants'),
  ]);
  Object.assign(view, { grants, clients, merchants });
  if (!clients.some(({ id }) => id === view.client)) view.client = clients[0]?.id ?? null;
  if (!merchants.some(({ id }) => id === view.merchant)) view.merchant = merchants[0]?.id ?? null;
}

export function grantsView() {
  if (view.grants === null) return html`<p class="soft">Loading …</p>`;
  return html`<section aria-label="Grants">${issueCard()}${grantsCard()}</section>`;
}

function issueCard() {
  return html`
    <div class="card"><h2>Issue a code or tokens</h2>
      <div class="fields">
        <label>Client <select @change=${(event) => choose({ client: event.target.value })}>${accountOptions(view.clients, view.client)}</select></label>
        <label>Merchant <select @change=${(event) => choose({ merchant: event.target.value })}>${accountOptions(view.merchants, view.merchant)}</select></label>
      </div>
      <p class="buttons"><button type="button" class="primary" @click=${() => issue('codes')}>Issue a code</button>
        <button type="button" @click=${() => issue('tokens')}>Issue tokens</button> ${consentLink()}</p>
      ${issuedTexts()}
    </div>`;
}

function choose(choice) {
  Object.assign(view, choice, { issued: null });
  render();
}

/** The link that starts the consent in a browser. */
function consentLink() {
  const client = view.clients.find(({ id }) => id === view.client);
  const [redirectUrl] = client?.redirect_urls ?? [];
  if (!redirectUrl)
    return html`<span class="soft">The client has no redirect URL, so no browser can consent.</span>`;

  const query = new URLSearchParams({
    client_id: client.id,
    redirect_url: redirectUrl,
    state: 'console',
    sub: 'oauth',
  });
  return html`<a href=${`${realmUrl('ebc2/oauth/authorize')}?${query}`} target="_blank" rel="noopener">Start the consent</a>`;
}

async function issue(what) {
  view.issued = await attempt(() =>
    call('POST', what, { client_id: view.client, merchant_id: view.merchant }),
  );
  await attempt(loadGrants);
}

function issuedTexts() {
  if (!view.issued) return nothing;
  const { code, access_token: access, refresh_token: refresh } = view.issued;
  const texts = [
    ['Code', code],
    ['Access token', access],
    ['Refresh token', refresh],
  ].filter(([, text]) => text);
  return html`<dl>${texts.map(
    ([
      name,
      text,
    ]) => html`<div><dt>${name}</dt><dd class="command"><pre tabindex="0" aria-label=${name}><code>${text}</code></pre>
    ${copyButton(`Copy ${name.toLowerCase()}`, text)} <a href=${routeTo('tokens', text)}>Inspect</a></dd></div>`,
  )}</dl>`;
}

function grantsCard() {
  if (view.grants.length === 0) {
    const line = `curl ${realmUrl('_mock/tokens')} -H 'Content-Type: application/json' -d '${JSON.stringify({ client_id: view.client, merchant_id: view.merchant })}'`;
    return emptyState(
      'No grants',
      'A grant appears when a merchant allows access and the client exchanges the code. Make one:',
      line,
    );
  }
  return html`
    <div class="card"><h2>Grants</h2><div class="scroll"><table>
      <thead><tr><th scope="col">Grant</th><th scope="col">Client</th><th scope="col">Merchant</th><th scope="col">Scopes</th><th scope="col">Granted</th><th scope="col">State</th></tr></thead>
      <tbody>${[...view.grants].reverse().map(grantRow)}</tbody></table></div></div>`;
}

function grantRow({
  id,
  client_id: client,
  merchant_id: merchant,
  scopes,
  granted_at: at,
  revoked,
}) {
  const summary =
    scopes.length > 3
      ? html`<details><summary>${scopes.length} scopes</summary>${scopes.join(', ')}</details>`
      : scopes.join(', ');
  return html`
    <tr class=${revoked ? 'off' : ''}><th scope="row"><code>${id}</code></th><td>${client}</td><td>${merchant}</td><td>${summary}</td><td>${dateAndTime(at)}</td>
      <td>${revoked ? 'revoked' : html`<button type="button" class="danger" aria-label=${`Revoke ${id}`} @click=${() => revoke(id)}>Revoke</button>`}</td></tr>`;
}

async function revoke(id) {
  await attempt(
    () => call('DELETE', `grants/${encodeURIComponent(id)}`),
    `The grant ${id} is revoked: its access tokens no longer work.`,
  );
  await attempt(loadGrants);
}
