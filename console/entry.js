// One request of the journal, with everything that explains its response.

import { call, realmUrl } from './api.js';
import { asCurl, asScenario } from './copy.js';
import { journal } from './journal_store.js';
import { routeTo } from './route.js';
import { render } from './state.js';
import { copyButton, dateAndTime, statusClass, statusText } from './ui.js';
import { html, nothing } from './vendor/lit-html.js';

/** The rows of the decision table by their numbers. */
let rows = null;

function loadRows() {
  if (rows !== null) return;
  rows = new Map();
  call('GET', 'rows').then(
    (table) => {
      for (const { row, condition } of table.rows)
        rows.set(row, [...(rows.get(row) ?? []), condition]);
      render();
    },
    () => (rows = null),
  );
}

/** The panel of a request. `entry` is undefined if the journal does not have it any more. */
export function entryPanel(id, entry, close) {
  loadRows();
  return html`
    <aside class="panel" aria-label=${`Request ${id}`} id="panel">
      <div class="panel-head"><h2>#${id} ${entry ? `${entry.method} ${entry.path}` : nothing}</h2>
        <button type="button" @click=${close} aria-keyshortcuts="Escape">Close</button></div>
      ${entry ? content(entry) : html`<p>${journal.isLoaded ? 'The journal does not have this request any more.' : 'Loading …'}</p>`}
    </aside>`;
}

function content(entry) {
  return html`
    ${outcomeSection(entry)}
    <p class="buttons">${copyButton('Copy as curl', () => asCurl(entry, realmUrl))}
      ${entry.outcome ? copyButton('Copy as scenario', () => asScenario(entry)) : nothing}</p>
    ${
      entry.notes.length === 0
        ? nothing
        : html`<h3>What the real server would say</h3>
      <ul class="plain">${entry.notes.map((note) => html`<li>${note}</li>`)}</ul>`
    }
    ${issuedSection(entry)}
    <h3>Request</h3>
    ${facts([
      ['Time', dateAndTime(entry.time)],
      ['Endpoint', entry.endpoint],
      ['Client', entry.client_id],
      ['Merchant', entry.merchant_id],
      ['Grant type', entry.grant_type],
      ['Correlation ID', entry.correlation_id],
      [
        'Connection',
        entry.scheme + (entry.certificate ? `, client certificate ${entry.certificate}` : ''),
      ],
      ['Duration', duration(entry.duration_us)],
    ])}
    ${nameValueTable(
      'Parameters',
      Object.entries(entry.params).map(([name, value]) => [name, paramValue(value)]),
    )}
    ${nameValueTable('Headers', Object.entries(entry.headers))}`;
}

function outcomeSection({ outcome, error_description: description }) {
  if (!outcome) {
    return html`<p class="outcome waiting"><b>waiting</b> The request has no response yet.</p>`;
  }
  const meaning = rows?.get(outcome.row) ?? [];
  return html`
    <p class=${`outcome ${statusClass(outcome)}`}><b>${statusText(outcome)}</b> ${
      outcome.error ??
      outcome.fault ??
      (outcome.status ? (outcome.status < 400 ? 'success' : '') : 'no response was sent')
    }</p>
    ${description ? html`<p>${description}</p>` : nothing}
    ${
      outcome.row === null
        ? nothing
        : html`<p class="soft">Row ${outcome.row} of the decision table decided${
            meaning.length > 0 ? html`: ${meaning.join(' Or: ')}` : '.'
          }</p>`
    }
    ${outcome.scenario ? html`<p>The scenario <a href=${routeTo('scenarios')}>${outcome.scenario}</a> matched this request.</p>` : nothing}`;
}

function issuedSection(entry) {
  if (entry.issued.length === 0) return nothing;
  return html`<h3>Issued</h3>
    <table><thead><tr><th scope="col">What</th><th scope="col">Claims</th><th scope="col">Requests with it</th></tr></thead>
    <tbody>${entry.issued.map(
      (issued, i) => html`<tr>
      <td>${issued.type.replace('_', ' ')}</td>
      <td>${facts([
        ['jti', issued.jti],
        ['issued', time(entry.issued_claims[i].iat)],
        ['expires', time(entry.issued_claims[i].expires_in)],
        ['client', entry.client_id],
        ['merchant', entry.merchant_id],
      ])}</td>
      <td>${fingerprintLink(issued.fingerprint)}</td></tr>`,
    )}</tbody></table>`;
}

function time(rfc3339) {
  return rfc3339 ? dateAndTime(rfc3339) : null;
}

/** A link to the requests that issued or used a code or token. */
function fingerprintLink(fingerprint) {
  return html`<a href=${routeTo('journal', null, fingerprint)} title="Show the requests that issued or used it"><code>${fingerprint}</code></a>`;
}

function paramValue(value) {
  return value.fingerprint ? html`fingerprint ${fingerprintLink(value.fingerprint)}` : value;
}

function facts(pairs) {
  const known = pairs.filter(([, value]) => value);
  return html`<dl>${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function nameValueTable(title, pairs) {
  if (pairs.length === 0) return nothing;
  return html`<h3>${title}</h3><table><tbody>${pairs.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
}

function duration(us) {
  return us < 1000 ? `${us} µs` : `${(us / 1000).toFixed(1)} ms`;
}
