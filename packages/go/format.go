package smartpaymock

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxShown is the number of requests that a message shows.
const maxShown = 20

// String returns the request as a line: what it was, the response, and the reason for that.
func (r Request) String() string {
	parts := []string{fmt.Sprintf("#%d %s %s", r.ID, r.Method, r.Path)}
	for _, who := range []string{r.GrantType, r.ClientID, r.MerchantID} {
		if who != "" {
			parts = append(parts, who)
		}
	}
	return strings.Join(append(parts, "->", r.Outcome.String()), " ")
}

// String returns the response, and the reason for it.
func (o *RequestOutcome) String() string {
	if o == nil {
		return "no response yet"
	}
	parts := []string{"no response"}
	if o.Status != 0 {
		parts[0] = strconv.Itoa(o.Status)
	}
	if o.Error != "" {
		parts = append(parts, string(o.Error))
	}
	if o.Row != nil {
		parts = append(parts, fmt.Sprintf("(row %d)", *o.Row))
	}
	if o.Scenario != "" {
		parts = append(parts, "by scenario "+o.Scenario)
	}
	if o.Fault != "" {
		parts = append(parts, fmt.Sprintf("[%s]", o.Fault))
	}
	return strings.Join(parts, " ")
}

// describeReceived returns the newest requests as text.
func (r *Realm) describeReceived(ctx context.Context) (string, error) {
	page, err := r.newestRequests(ctx)
	if err != nil {
		return "", err
	}
	return formatReceived(page), nil
}

// Describe returns what the realm saw, as text: the newest requests, the reason for each response, and
// notes on what the real server would reject.
func (r *Realm) Describe(ctx context.Context) (string, error) {
	page, err := r.newestRequests(ctx)
	if err != nil {
		return "", err
	}
	return strings.Join(append([]string{formatReceived(page)}, formatNotes(page.Requests)...), "\n"), nil
}

func (r *Realm) newestRequests(ctx context.Context) (requestPage, error) {
	return r.requestPage(ctx, url.Values{"limit": {strconv.Itoa(maxShown)}})
}

// formatReceived returns requests, a line each, below the number of all.
func formatReceived(page requestPage) string {
	if len(page.Requests) == 0 {
		return "No request was received."
	}
	lines := []string{fmt.Sprintf("Requests received (%d):", page.Total)}
	if earlier := page.Total - len(page.Requests); earlier > 0 {
		lines = append(lines, fmt.Sprintf("  ... %d earlier requests", earlier))
	}
	for _, request := range page.Requests {
		lines = append(lines, "  "+request.String())
	}
	return strings.Join(lines, "\n")
}

// formatNotes returns a line for each note, with the requests that it applies to.
func formatNotes(requests []Request) []string {
	var notes []string
	ids := map[string][]string{}
	for _, request := range requests {
		for _, note := range request.Notes {
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
			ids[note] = append(ids[note], fmt.Sprintf("#%d", request.ID))
		}
	}

	lines := make([]string, 0, len(notes))
	for _, note := range notes {
		lines = append(lines, fmt.Sprintf("note (%s): %s", strings.Join(ids[note], ", "), note))
	}
	return lines
}

// formatClosest returns the requests that were closest to an expectation, and how they differ. The text
// is empty if every request met it, and there were too few.
func formatClosest(found foundRequests) string {
	var lines []string
	for _, miss := range found.Closest {
		lines = append(lines, "  "+miss.Request.String())
		for _, differs := range miss.Differs {
			actual := "nothing"
			if differs.Actual != nil {
				actual = *differs.Actual
			}
			lines = append(lines, fmt.Sprintf("      %s: expected %s, found %s",
				differs.Member, differs.Expected, actual))
		}
	}
	if found.Dropped > 0 {
		lines = append(lines,
			fmt.Sprintf("  %d older requests were dropped from the journal.", found.Dropped))
	}
	if len(lines) == 0 {
		return ""
	}
	return "Closest requests:\n" + strings.Join(lines, "\n")
}
