import type { RecordedRequest, Verification } from './api.js'

/** The number of requests that a message shows at most. */
const MAX_SHOWN = 50

/** Returns a request as one line: what came, and what the response was. */
export function formatRequest(request: RecordedRequest): string {
  const { id, method, path, grant_type, client_id, merchant_id, outcome } = request
  const who = [grant_type, client_id, merchant_id].filter(Boolean)
  return [`#${id} ${method} ${path}`, ...who, '->', formatOutcome(outcome)].join(' ')
}

function formatOutcome(outcome: RecordedRequest['outcome']): string {
  if (outcome === null) return 'no response yet'

  const parts = [outcome.status?.toString() ?? 'no response']
  if (outcome.error) parts.push(outcome.error)
  if (outcome.row !== null && outcome.row !== undefined) parts.push(`(row ${outcome.row})`)
  if (outcome.fault) parts.push(`(${outcome.fault})`)
  if (outcome.scenario) parts.push(`by scenario ${outcome.scenario}`)
  return parts.join(' ')
}

/** Returns requests as indented lines, with their notes below. Of many, the last are shown. */
export function formatRequests(requests: readonly RecordedRequest[]): string {
  const shown = requests.slice(-MAX_SHOWN)
  const earlier = requests.length - shown.length

  return [
    ...(earlier > 0 ? [`  ... ${earlier} earlier requests`] : []),
    ...shown.map((request) => `  ${formatRequest(request)}`),
    ...formatNotes(shown),
  ].join('\n')
}

/** Returns a line for each note, with the requests that it applies to. */
function formatNotes(requests: readonly RecordedRequest[]): string[] {
  const idsByNote = new Map<string, number[]>()
  for (const { id, notes } of requests) {
    for (const note of notes) idsByNote.set(note, [...(idsByNote.get(note) ?? []), id])
  }

  return [...idsByNote].map(([note, ids]) => {
    const [first, last] = [ids[0], ids.at(-1)]
    const which = first === last ? `#${first}` : `${ids.length} from #${first} to #${last}`
    return `  note (${which}): ${note}`
  })
}

/** Returns the requests that were closest to an expectation, with their differences. */
export function formatClosest({ closest, dropped }: Verification): string {
  const lines = closest.flatMap(({ request, differs }) => [
    `  ${formatRequest(request)}`,
    ...differs.map(({ member, expected, actual }) => {
      return `     ${member}: expected ${expected}, found ${actual ?? 'nothing'}`
    }),
  ])

  if (dropped > 0) lines.push(`  ${dropped} requests were dropped from the journal and not counted`)
  return lines.length > 0 ? `Closest:\n${lines.join('\n')}` : 'No request was received.'
}
