// The Clock view: the realm's time, on which all lifetimes run.

import { call, realmUrl } from './api.js';
import { attempt, render, state } from './state.js';
import { command } from './ui.js';
import { html } from './vendor/lit-html.js';

const STEPS = [
  ['16m', '16m'],
  ['1d', '1d'],
  ['1y', '365d'],
];
const view = { clock: null, loadedAt: 0 };

export async function loadClock() {
  take(await call('GET', 'clock'));
}

function take(clock) {
  view.clock = clock;
  view.loadedAt = performance.now();
}

/** The clock runs between two loads, too. */
setInterval(() => {
  if (state.route.view === 'clock' && view.clock && !view.clock.frozen) render();
}, 250);

export function clockView() {
  if (view.clock === null) return html`<p class="soft">Loading …</p>`;
  const { frozen, offset_ms: offset } = view.clock;
  return html`
    <section aria-label="Clock"><div class="card">
      <h2>The time of this realm</h2>
      <p class="clock"><time id="now">${now()}</time></p>
      <p class="soft">${frozen ? 'Frozen. ' : ''}${offsetText(offset)} Tokens, codes and rate limits expire by this clock.</p>
      <h3 id="advance">Advance</h3>
      <div class="buttons" role="group" aria-labelledby="advance">${STEPS.map(([label, by]) => html`<button type="button" @click=${() => advance(by)}>${label}</button>`)}</div>
      <form class="fields" @submit=${advanceTyped}><label>By <input name="by" required placeholder="90s" size="8" autocomplete="off" aria-describedby="units"></label> <button>Advance</button>
        <span class="soft" id="units">a number with ms, s, m, h, d or w</span></form>
      <h3>Set</h3>
      <form class="fields" @submit=${setTyped}><label>Time (UTC) <input type="datetime-local" step="1" name="now" required></label> <button>Set</button></form>
      <p class="buttons"><button type="button" aria-pressed=${frozen} @click=${() => change(() => call('PUT', 'clock', { frozen: !frozen }))}>${frozen ? 'Unfreeze' : 'Freeze'}</button>
        <button type="button" @click=${() => change(() => call('DELETE', 'clock'), 'The clock shows the real time.')}>Back to real</button></p>
    </div>
    <p>The same by command:</p>
    ${command(`curl ${realmUrl('_mock/clock/advance')} -H 'Content-Type: application/json' -d '{"by": "16m"}'`)}</section>`;
}

function now() {
  const { now: loaded, frozen } = view.clock;
  const time = new Date(loaded).getTime() + (frozen ? 0 : performance.now() - view.loadedAt);
  return Number.isNaN(time)
    ? loaded
    : `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function offsetText(ms) {
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds === 0) return 'It shows the real time.';
  const parts = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ];
  let rest = seconds;
  const texts = parts.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return count > 0 ? [`${count}${unit}`] : [];
  });
  return `It is ${texts.slice(0, 2).join(' ')} ${ms > 0 ? 'ahead of' : 'behind'} the real time.`;
}

function advance(by) {
  return change(() => call('POST', 'clock/advance', { by }), `The clock was advanced by ${by}.`);
}

function advanceTyped(event) {
  event.preventDefault();
  advance(new FormData(event.target).get('by').trim());
}

function setTyped(event) {
  event.preventDefault();
  const typed = new FormData(event.target).get('now');
  change(
    () => call('PUT', 'clock', { now: `${typed.length === 16 ? `${typed}:00` : typed}Z` }),
    'The clock is set.',
  );
}

async function change(action, text) {
  const clock = await attempt(action, text);
  if (clock) take(clock);
  render();
}
