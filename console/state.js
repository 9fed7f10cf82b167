// The state of the page, and its rendering.

/** What the page shows. Views keep what they have loaded here, and what the user has typed. */
export const state = {
  /** The view and its arguments, from the URL: see route.js. */
  route: { view: 'journal', id: null, query: '' },
  realm: { current: 'default', all: [] },
  version: '',
  /** `live`, `lost` or `connecting`. */
  connection: 'connecting',
  /** A message for people: `{ text, isError }`. */
  notice: null,
  /** The key of the copy button that was used last. */
  copied: null,
};

let draw = () => {};
let isScheduled = false;

/** Sets the function that renders the page. */
export function onRender(renderPage) {
  draw = renderPage;
}

/** Renders the page before the browser's next frame, once for all changes until then. */
export function render() {
  if (isScheduled) return;
  isScheduled = true;
  const run = () => {
    if (!isScheduled) return;
    isScheduled = false;
    draw();
  };
  requestAnimationFrame(run);
  // Browsers have no frames for a tab in the background.
  setTimeout(run, 250);
}

/** Shows a message until the next one. */
export function announce(text, isError = false) {
  state.notice = { text, isError };
  render();
  if (!isError) {
    const { notice } = state;
    setTimeout(() => {
      if (state.notice === notice) state.notice = null;
      render();
    }, 4000);
  }
}

/** Runs an action of the user, and shows its failure. Returns its result, or undefined. */
export async function attempt(action, success) {
  try {
    const result = await action();
    if (success) announce(success);
    return result;
  } catch (error) {
    announce(error.message, true);
    return undefined;
  } finally {
    render();
  }
}
