// The URL of a view: `#/VIEW`, `#/VIEW/ID`, with `?q=TEXT` for a search.

import { state } from './state.js';

/** Reads the view from the URL. */
export function readRoute(views) {
  const [path, search = ''] = location.hash.slice(1).split('?');
  const [, view = '', id = null] = path.split('/');
  state.route = {
    view: views.includes(view) ? view : views[0],
    id: id && decode(id),
    query: new URLSearchParams(search).get('q') ?? '',
  };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns the URL of a view. */
export function routeTo(view, id = null, query = '') {
  const path = id === null ? `#/${view}` : `#/${view}/${encodeURIComponent(id)}`;
  return query === '' ? path : `${path}?${new URLSearchParams({ q: query })}`;
}

/** Goes to a view. With `replace`, the browser's history gets no new entry. */
export function go(url, replace = false) {
  if (replace) {
    history.replaceState(null, '', url);
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    location.hash = url;
  }
}
