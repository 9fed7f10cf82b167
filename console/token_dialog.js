// The dialog that asks for the control token. The token stays in the tab's session.

import { render } from './state.js';
import { html, nothing } from './vendor/lit-html.js';

/** The promise that the dialog settles: `{ resolve, wasRefused }`. */
let pending = null;

/** Asks for the token. Resolves to null if the user has none. */
export function askForToken(wasRefused) {
  return new Promise((resolve) => {
    pending = { resolve, wasRefused };
    render();
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const dialog = document.getElementById('token-dialog');
        if (dialog && !dialog.open) dialog.showModal();
      }),
    );
  });
}

export function tokenDialog() {
  if (!pending) return nothing;
  return html`
    <dialog id="token-dialog" aria-labelledby="token-title" @close=${() => settle(null)}>
      <form method="dialog" @submit=${submit}>
        <h2 id="token-title">Control token</h2>
        <p>This server was started with <code>--control-token</code>.${pending.wasRefused ? ' The token that was given before is wrong.' : ''}</p>
        <label>Token <input type="password" name="token" required autocomplete="off"></label>
        <p class="buttons"><button class="primary">Continue</button></p>
      </form>
    </dialog>`;
}

function submit(event) {
  settle(new FormData(event.target).get('token'));
}

function settle(token) {
  pending?.resolve(token);
  pending = null;
  render();
}
