// The Scenarios view: what is in force, and one click to make the next requests fail.

import { call, realmUrl } from './api.js';
import { routeTo } from './route.js';
import { attempt, render } from './state.js';
import { accountOptions, emptyState, options, toggle } from './ui.js';
import { html, nothing } from './vendor/lit-html.js';

const ERRORS = [
  'invalid_request',
  'invalid_scope',
  'invalid_redirect_uri',
  'invalid_client_type',
  'invalid_client',
  'unauthorized_client',
  'client_not_found',
  'access_denied',
  'merchant_not_active',
  'client_not_active',
  'server_error',
];
const FAULTS = [
  'connection_reset',
  'empty_response',
  'hang',
  'truncated_body',
  'garbage',
  'slow_body',
];
const GRANT_TYPES = [
  ['', 'any'],
  ['authorization_code', 'authorization_code'],
  ['refresh_token', 'refresh_token'],
];

const view = { scenarios: null, clients: [], times: 1, client: '', grantType: '', near: new Map() };

export async function loadScenarios() {
  const [{ scenarios }, { clients }] = await Promise.all([
    call('GET', 'scenarios'),
    call('GET', 'clients'),
  ]);
  view.scenarios = scenarios;
  view.clients = clients;
}

export function scenariosView() {
  return html`<section aria-label="Scenarios">${failNext()}${inForce()}</section>`;
}

function failNext() {
  return html`
    <div class="card"><h2>Fail the next token request with</h2>
      <div class="fields">
        <label>How many times <input type="number" min="1" max="1000000" .value=${String(view.times)} @input=${(event) => (view.times = Number(event.target.value))}></label>
        <label>Client <select @change=${(event) => (view.client = event.target.value)}><option value="">any</option>${accountOptions(view.clients, view.client)}</select></label>
        <label>Grant type <select @change=${(event) => (view.grantType = event.target.value)}>${options(GRANT_TYPES, view.grantType)}</select></label>
      </div>
      <h3 id="errors">An error</h3>
      <div class="buttons" role="group" aria-labelledby="errors">${ERRORS.map((error) => html`<button type="button" @click=${() => inject({ error })}>${error}</button>`)}</div>
      <h3 id="faults">A fault of the connection</h3>
      <div class="buttons" role="group" aria-labelledby="faults">${FAULTS.map((fault) => html`<button type="button" @click=${() => inject({ fault })}>${fault}</button>`)}</div>
    </div>`;
}

async function inject(outcome) {
  const when = { endpoint: 'token' };
  if (view.client) when.client_id = view.client;
  if (view.grantType) when.grant_type = view.grantType;
  const times = Number.isInteger(view.times) && view.times > 0 ? view.times : 1;

  const requests = view.grantType === 'refresh_token' ? 'refresh' : 'token request';
  const text =
    times === 1
      ? `The next ${requests} gets ${outcomeText(outcome)}.`
      : `The next ${times} ${requests}s get ${outcomeText(outcome)}.`;
  await attempt(
    () => call('POST', 'scenarios', { when, respond: outcome, times }),
    text.replace('refreshs', 'refreshes'),
  );
  await attempt(loadScenarios);
}

function inForce() {
  if (view.scenarios === null) return html`<p class="soft">Loading …</p>`;
  if (view.scenarios.length === 0) {
    const line = `curl ${realmUrl('_mock/scenarios')} -H 'Content-Type: application/json' -d '{"respond": {"error": "server_error"}, "times": 2}'`;
    return emptyState(
      'No scenarios',
      'Every request gets its ordinary response. Add a scenario with a button above, in a fixture, or so:',
      line,
    );
  }
  return html`
    <div class="card"><h2>In force</h2><p class="soft">The first enabled scenario that matches a request decides.</p>
    <div class="scroll"><table>
      <thead><tr><th scope="col">Name</th><th scope="col">When</th><th scope="col">Response</th><th scope="col">Matched</th><th scope="col">Left</th><th scope="col">Held</th><th scope="col">Enabled</th><th scope="col"><span class="soft">Actions</span></th></tr></thead>
      <tbody>${view.scenarios.map(scenarioRow)}</tbody>
    </table></div>
    <p class="buttons"><button type="button" class="danger" @click=${() => change(() => call('DELETE', 'scenarios'), 'All scenarios are deleted.')}>Delete all</button></p></div>`;
}

function scenarioRow(scenario) {
  const { name, enabled, matched, remaining, held } = scenario;
  const path = `scenarios/${encodeURIComponent(name)}`;
  return html`
    <tr class=${enabled ? '' : 'off'}>
      <th scope="row">${name}</th><td>${whenText(scenario.when)}</td><td>${respondText(scenario)}</td>
      <td>${matched}${matched === 0 ? html` <button type="button" @click=${() => explain(scenario)}>Why not?</button>` : nothing}${view.near.get(name) ?? nothing}</td>
      <td>${remaining ?? 'no limit'}</td>
      <td>${held}${held > 0 ? html` <button type="button" @click=${() => change(() => call('POST', `${path}/release`), `The requests held by ${name} are released.`)}>Release</button>` : nothing}</td>
      <td>${toggle(`${name} is enabled`, enabled, () => change(() => call('PATCH', path, { enabled: !enabled })))}</td>
      <td><button type="button" class="danger" aria-label=${`Delete ${name}`} @click=${() => change(() => call('DELETE', path), `${name} is deleted.`)}>Delete</button></td>
    </tr>`;
}

async function change(action, text) {
  await attempt(action, text);
  await attempt(loadScenarios);
}

/** Shows the requests that came closest to a scenario, and what differed. */
async function explain({ name, when }) {
  const results = await attempt(() =>
    Promise.all(
      alternatives(when).map((match) =>
        call('POST', 'requests/verify', {
          match: Object.fromEntries(filters(match)),
          count: { at_least: 1 },
        }),
      ),
    ),
  );
  if (!results) return;

  const matched = results.reduce((sum, result) => sum + result.matched, 0);
  const closest = results
    .flatMap((result) => result.closest)
    .sort((a, b) => a.differs.length - b.differs.length)
    .slice(0, 3);
  view.near.set(name, nearText(matched, closest));
  render();
}

function nearText(matched, closest) {
  if (matched > 0)
    return html`<p>${matched} requests match, but arrived before the scenario, or another scenario decided them.</p>`;
  if (closest.length === 0) return html`<p>The journal has no request yet.</p>`;
  return html`<p>The closest requests:</p><ul class="plain">${closest.map(
    ({ request, differs }) => html`
    <li><a href=${routeTo('journal', request.id)}>#${request.id}</a> ${differs.map(differenceText).join('; ')}</li>`,
  )}</ul>`;
}

/** A condition may be a list, of which one must hold. */
function alternatives(when = {}) {
  return Array.isArray(when) ? when : [when];
}

/** The filter of the journal that a condition corresponds to. */
function* filters(when) {
  for (const [name, value] of Object.entries(when)) {
    if (name === 'header' || name === 'param')
      for (const [key, pattern] of Object.entries(value)) yield [`${name}.${key}`, pattern];
    else if (name === 'code' || name === 'refresh_token') yield [`param.${name}`, value];
    else if (!(name === 'endpoint' && value === 'any')) yield [name, value];
  }
}

function differenceText({ member, expected, actual }) {
  return `${member} is ${actual ?? 'missing'}, not ${expected}`;
}

function whenText(when) {
  return alternatives(when)
    .map(
      (one) =>
        [...filters(one)].map(([name, value]) => `${name} ${value}`).join(', ') || 'any request',
    )
    .join(', or ');
}

function respondText({ respond, then, times }) {
  const outcomes = (Array.isArray(respond) ? respond : [respond]).map(outcomeText).join(', then ');
  return `${outcomes}${Array.isArray(respond) && then !== 'pass' ? `, then ${then}` : ''}${times ? `, ${times} times` : ''}`;
}

function outcomeText(outcome) {
  if (typeof outcome === 'string') return outcome;
  const { error, fault, status, ...rest } = outcome;
  const parts = [error, fault, status && `status ${status}`].filter(Boolean);
  const others = Object.entries(rest).map(
    ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  return [...parts, ...others].join(', ') || 'pass';
}
