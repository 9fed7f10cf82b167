// The Tokens view: what a token or a code contains, and whether it is valid now.

import { call } from './api.js';
import { routeTo } from './route.js';
import { attempt, render, state } from './state.js';
import { dateAndTime } from './ui.js';
import { html, nothing } from './vendor/lit-html.js';

const view = { text: '', inspected: '', inspection: null, fingerprint: null };

export function tokensView() {
  // A link from another view brings the token with it, and takes it out of the URL.
  if (state.route.id !== null) {
    view.text = state.route.id;
    history.replaceState(null, '', routeTo('tokens'));
    state.route.id = null;
    inspect();
  }
  return html`
    <section aria-label="Tokens"><form class="card" @submit=${submit}>
      <h2><label for="token">Access token, refresh token or authorization code</label></h2>
      <textarea id="token" spellcheck="false" autocomplete="off" placeholder="eyJraWQiOi…" .value=${view.text} @input=${typed}></textarea>
      <p class="buttons"><button class="primary">Inspect</button></p>
    </form>${result()}</section>`;
}

function typed(event) {
  view.text = event.target.value;
  inspect();
}

function submit(event) {
  event.preventDefault();
  inspect();
}

async function inspect() {
  const token = view.text.trim().replace(/^Bearer +/i, '');
  view.inspected = token;
  if (token === '') {
    view.inspection = null;
    return render();
  }
  const inspection = await attempt(() => call('POST', 'inspect', { token }));
  // The user may have typed on meanwhile.
  if (view.inspected !== token) return undefined;
  view.inspection = inspection ?? null;
  view.fingerprint = await fingerprint(token);
  return render();
}

/** The first 12 hexadecimal digits of the SHA-256, by which the journal knows a token. */
async function fingerprint(token) {
  // Pages over plain HTTP from another machine have no crypto API.
  if (!crypto.subtle) return null;
  const hash = new Uint8Array(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)),
  );
  return [...hash.slice(0, 6)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function result() {
  const { inspection } = view;
  if (!inspection)
    return html`<p class="soft">Paste a token to see its claims in readable time. The journal shows fingerprints only; clients and the Grants view have tokens.</p>`;
  const { type, valid, reason, header, claims, times } = inspection;
  return html`
    <div class="card" aria-live="polite"><p class=${`verdict ${valid ? 'valid' : ''}`}><b>${valid ? 'Valid' : 'Not valid'}</b>${type ? ` ${type.replaceAll('_', ' ')}` : ''}. ${reason}</p>
      ${view.fingerprint ? html`<p>Fingerprint <code>${view.fingerprint}</code>. <a href=${routeTo('journal', null, view.fingerprint)}>Show the requests that issued or used it</a></p>` : nothing}
      ${claimTable('Header', header, {})}${claimTable('Claims', claims, times)}</div>`;
}

function claimTable(title, members, times) {
  if (!members) return nothing;
  return html`<h3>${title}</h3><table><tbody>${Object.entries(members).map(
    ([name, value]) => html`<tr><th scope="row"><code>${name}</code></th>
    <td>${Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value)}${times[name] ? html`<br>${dateAndTime(times[name])}` : nothing}</td></tr>`,
  )}</tbody></table>`;
}
