// Parts that several views share.

import { announce, render, state } from './state.js';
import { html, nothing } from './vendor/lit-html.js';

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hour12: false,
});
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** Shows a time of RFC 3339 as the time of day in the browser's zone. */
export function timeOfDay(rfc3339) {
  return html`<time datetime=${rfc3339} title=${rfc3339}>${TIME.format(new Date(rfc3339))}</time>`;
}

/** Shows a time of RFC 3339 as date and time in the browser's zone. */
export function dateAndTime(rfc3339) {
  if (!rfc3339) return nothing;
  const date = new Date(rfc3339);
  // A clock can be set beyond the years that a browser can show.
  const text = Number.isNaN(date.getTime()) ? rfc3339 : DATE.format(date);
  return html`<time datetime=${rfc3339} title=${rfc3339}>${text}</time>`;
}

/** A button that copies a text, and says that it has. `text` may be a function. */
export function copyButton(label, text, key = label) {
  const copied = state.copied === key;
  const copy = async () => {
    await copyText(typeof text === 'function' ? text() : text);
    state.copied = key;
    announce('Copied.');
    render();
    setTimeout(() => {
      if (state.copied === key) state.copied = null;
      render();
    }, 2000);
  };
  return html`<button type="button" class="copy" @click=${copy}>${copied ? 'Copied' : label}</button>`;
}

async function copyText(text) {
  // Pages over plain HTTP from another machine have no clipboard API.
  if (navigator.clipboard) return navigator.clipboard.writeText(text);

  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** A command line that can be copied. */
export function command(text) {
  return html`<div class="command"><pre tabindex="0" aria-label="Command"><code>${text}</code></pre>${copyButton('Copy', text, text)}</div>`;
}

/** What a view shows as long as it has nothing: a sentence, and a command that changes that. */
export function emptyState(title, text, line) {
  return html`<div class="empty"><h2>${title}</h2><p>${text}</p>${line ? command(line) : nothing}</div>`;
}

/** A switch between two states. */
export function toggle(label, on, change, text = [on ? 'on' : 'off']) {
  return html`<button type="button" role="switch" class="switch" aria-checked=${on} aria-label=${label}
    @click=${change}><span class="knob" aria-hidden="true"></span><span aria-hidden="true">${text}</span></button>`;
}

/** The options of a select element. */
export function options(values, selected) {
  return values.map(
    ([value, label]) =>
      html`<option value=${value} ?selected=${value === selected}>${label}</option>`,
  );
}

/** The options for all clients, or all merchants. */
export function accountOptions(accounts, selected) {
  return options(
    accounts.map(({ id, name }) => [id, name ? `${id} (${name})` : id]),
    selected,
  );
}

/** The class of a status: whether a response is a success, the client's fault or the server's. */
export function statusClass(outcome) {
  if (!outcome) return 'waiting';
  if (outcome.fault || !outcome.status) return 'fault';
  if (outcome.status >= 500) return 'server';
  return outcome.status >= 400 ? 'client' : 'success';
}

/** The status of an outcome in a few characters. */
export function statusText(outcome) {
  if (!outcome) return 'waiting';
  return outcome.status ?? 'none';
}
