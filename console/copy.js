// A request as a command, and its response as a scenario.

const FORM = 'application/x-www-form-urlencoded';
/** Headers that curl sets itself. */
const OWN_HEADERS = new Set([
  'host',
  'content-length',
  'user-agent',
  'accept',
  'connection',
  'accept-encoding',
  'transfer-encoding',
]);

/** Returns the command that sends a request again. What the journal does not have is a variable. */
export function asCurl(entry, realmUrl) {
  const isForm = entry.method === 'POST' && (entry.headers['content-type'] ?? '').startsWith(FORM);
  const params = Object.entries(entry.params).filter(([name]) => name !== 'access_token');
  const url = realmUrl(entry.path.slice(1)) + (!isForm && params.length > 0 ? queryOf(params) : '');

  const parts = [
    'curl -i',
    entry.method === 'GET' ? '' : `-X ${shellQuote(entry.method)}`,
    shellQuote(url),
  ];
  for (const [name, value] of Object.entries(entry.headers)) {
    if (OWN_HEADERS.has(name) || (isForm && name === 'content-type')) continue;
    if (name === 'authorization') parts.push('-H "Authorization: Bearer $ACCESS_TOKEN"');
    else
      parts.push(
        value === '***'
          ? `-H ${shellQuote(`${name}: `)}"${variable(name)}"`
          : `-H ${shellQuote(`${name}: ${value}`)}`,
      );
  }
  if (isForm) {
    for (const [name, value] of params) {
      const isKnown = typeof value === 'string' && value !== '***';
      parts.push(
        `--data-urlencode ${shellQuote(`${name}=`)}${isKnown ? shellQuote(value) : `"${variable(name)}"`}`,
      );
    }
  }
  return parts.filter(Boolean).join(' \\\n  ');
}

function queryOf(params) {
  const known = params.filter(([, value]) => typeof value === 'string' && value !== '***');
  return known.length === 0 ? '' : `?${new URLSearchParams(known)}`;
}

/** The shell variable for a secret: `$CLIENT_SECRET`. */
function variable(name) {
  return `$${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

/** Quotes a text for a shell. */
function shellQuote(text) {
  if (/^[\w./:=@%+-]+$/.test(text)) return text;

  // A terminal would act on control characters.
  const control = /\p{Cc}/gu;
  if (text.search(control) < 0) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = text.replace(/[\\']/g, '\\$&');
  return `$'${escaped.replace(control, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;
}

/** Returns the fixture with a scenario that gives the next such request the same response. */
export function asScenario(entry) {
  const { outcome } = entry;
  const when = Object.entries({
    endpoint: ['unknown', 'metadata'].includes(entry.endpoint) ? 'any' : entry.endpoint,
    client_id: entry.client_id,
    grant_type: entry.grant_type,
    path: entry.endpoint === 'resource' ? entry.path : null,
  }).filter(([, value]) => value !== null);

  return [
    'scenarios:',
    `  - name: like-request-${entry.id}`,
    `    when: { ${when.map(([name, value]) => `${name}: ${yaml(value)}`).join(', ')} }`,
    `    respond: ${respond(outcome)}`,
    '    times: 1',
    '',
  ].join('\n');
}

function respond({ status, error, fault }) {
  if (fault) return `{ fault: ${fault} }`;
  if (error) return `{ error: ${yaml(error)}, status: ${status} }`;
  return status >= 400 ? `{ status: ${status} }` : 'pass';
}

/** A text in YAML. Every JSON text is one, and few words need no quotes. */
function yaml(text) {
  return /^[a-z_]+$/.test(text) ? text : JSON.stringify(text);
}
