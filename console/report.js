// The Report view: what the run says about the client under test.

import { call, realmUrl } from './api.js';
import { routeTo } from './route.js';
import { command, dateAndTime, emptyState } from './ui.js';
import { html, nothing } from './vendor/lit-html.js';

const view = { report: null, isMissing: false };

export async function loadReport() {
  try {
    view.report = await call('GET', 'report');
    view.isMissing = false;
  } catch (error) {
    if (error.status !== 404) throw error;
    view.isMissing = true;
  }
}

export function reportView() {
  if (view.isMissing) return emptyState('No report', 'This server has no report.');
  if (view.report === null) return html`<p class="soft">Loading …</p>`;
  const { since, requests, coverage, findings, unused_scenarios: unused } = view.report;
  return html`
    <section aria-label="Report">
      <p>${requests} requests since ${dateAndTime(since)}. Documented errors met: <b>${coverage.errors_met} of ${coverage.errors_of}</b>.</p>
      ${findings.length === 0 ? noFindings(requests) : html`<div class="card"><h2>Findings</h2>${findings.map(finding)}</div>`}
      ${table(
        'Errors that the client met',
        ['Error', 'Times', 'What the client did next'],
        coverage.errors.map(({ error, times, then }) => [error, times, counted(then)]),
      )}
      ${table(
        'Faults',
        ['Fault', 'Times', 'What the client did next'],
        coverage.faults.map(({ fault, times, then }) => [fault, times, counted(then)]),
      )}
      ${table(
        'Flows',
        ['Flow', 'Times'],
        coverage.flows.map(({ flow, times }) => [flow, times]),
      )}
      ${unused.length === 0 ? nothing : html`<div class="card"><h2>Scenarios that no request met</h2><p>${unused.join(', ')}</p></div>`}
      <p>The same by command:</p>${command(`curl ${realmUrl('_mock/report')}`)}
    </section>`;
}

function noFindings(requests) {
  return html`<div class="card"><h2>No findings</h2><p>${
    requests === 0
      ? 'Run your client against this server; what it does wrong appears here.'
      : 'The client did nothing that the rules of the report object to.'
  }</p></div>`;
}

function finding({ rule, severity, times, text, requests, help }) {
  return html`
    <article><h3>${severity}: ${rule}${times > 1 ? `, ${times} times` : ''}</h3><p>${text}</p>${help ? html`<p class="soft">${help}</p>` : nothing}
      <p>Requests: ${requests.map((id) => html`<a href=${routeTo('journal', id)}>#${id}</a> `)}</p></article>`;
}

function table(title, columns, rows) {
  if (rows.length === 0) return nothing;
  return html`<div class="card"><h2>${title}</h2><table><thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}

/** What a client did next, each with its number: `retried 2, stopped 1`. */
function counted(actions) {
  const counts = new Map();
  for (const action of actions) counts.set(action, (counts.get(action) ?? 0) + 1);
  return [...counts]
    .map(([action, count]) => (count > 1 ? `${action} ${count}×` : action))
    .join(', ');
}
