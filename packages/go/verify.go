package smartpaymock

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// VerifyOption is an option of [Mock.Verify]: a [Count], or [Within].
type VerifyOption interface{ applyToVerify(*verification) }

// Count is a number of requests that is expected: the result of [Exactly], [AtLeast] or [AtMost]. It is
// also a [VerifyOption].
type Count struct {
	member string
	n      int
}

// Exactly expects this number of requests.
func Exactly(n int) Count { return Count{"exactly", n} }

// AtLeast expects this number of requests or more. Together with [AtMost], it is a range.
func AtLeast(n int) Count { return Count{"at_least", n} }

// AtMost expects this number of requests or fewer.
func AtMost(n int) Count { return Count{"at_most", n} }

func (c Count) applyToVerify(v *verification) { v.counts = append(v.counts, c) }

type within time.Duration

func (w within) applyToVerify(v *verification) { v.wait = time.Duration(w) }

// Within waits until the expectation is met, at most for this duration of real time.
func Within(d time.Duration) VerifyOption { return within(d) }

// verification is what is expected, and how long to wait for it.
type verification struct {
	counts []Count
	wait   time.Duration
}

// Verify returns an [*ExpectationError], with the requests that are closest to a match, unless this
// number of requests matches the filter. The default is at least one.
func (r *Realm) Verify(ctx context.Context, filter Filter, options ...VerifyOption) error {
	var expected verification
	for _, option := range options {
		option.applyToVerify(&expected)
	}
	count := newExpectedCount(expected.counts)

	found, err := r.verify(ctx, map[string]any{"match": filter, "count": count}, expected.wait)
	if err != nil || found.Satisfied {
		return err
	}
	return r.expectationError(ctx, found, fmt.Sprintf("expected %s to match %s, but %d did.",
		count, filter, found.Matched))
}

// VerifyOrder returns an [*ExpectationError] unless requests that match these filters came in this
// order. Other requests may be between them.
func (r *Realm) VerifyOrder(ctx context.Context, filters ...Filter) error {
	return r.VerifyOrderWithin(ctx, 0, filters...)
}

// VerifyOrderWithin is like [Realm.VerifyOrder], but waits until the expectation is met, at most for this
// duration of real time.
func (r *Realm) VerifyOrderWithin(ctx context.Context, d time.Duration, filters ...Filter) error {
	found, err := r.verify(ctx, map[string]any{"order": filters}, d)
	if err != nil || found.Satisfied {
		return err
	}
	missing := filters[min(found.Matched, len(filters)-1)]
	return r.expectationError(ctx, found, fmt.Sprintf("expected requests in the order %v, but none "+
		"matches %s at its place.", filters, missing))
}

// foundRequests is whether the requests are as expected.
type foundRequests struct {
	Satisfied bool
	Matched   int
	Dropped   int
	Closest   []nearMiss
}

// nearMiss is a request that was close to a match.
type nearMiss struct {
	Request Request
	Differs []struct {
		Member, Expected string
		Actual           *string
	}
}

func (r *Realm) verify(
	ctx context.Context, expectation any, wait time.Duration,
) (foundRequests, error) {
	path := "/requests/verify"
	if wait > 0 {
		path += "?wait=" + url.QueryEscape(durationText(wait))
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait+callTimeout)
		defer cancel()
	}
	var found foundRequests
	err := r.call(ctx, "POST", path, expectation, &found)
	return found, err
}

func (r *Realm) expectationError(ctx context.Context, found foundRequests, text string) error {
	details := formatClosest(found)
	if details == "" {
		var err error
		if details, err = r.describeReceived(ctx); err != nil {
			return err
		}
	}
	return &ExpectationError{text + "\n" + details}
}

// expectedCount is the numbers of requests that are expected, in the form of the control API.
type expectedCount map[string]int

func newExpectedCount(counts []Count) expectedCount {
	if len(counts) == 0 {
		counts = []Count{AtLeast(1)}
	}
	expected := expectedCount{}
	for _, count := range counts {
		expected[count.member] = count.n
	}
	return expected
}

// allows returns whether a number is as expected.
func (e expectedCount) allows(n int) bool {
	exactly, hasExactly := e["exactly"]
	atMost, hasAtMost := e["at_most"]
	return (!hasExactly || n == exactly) && n >= e["at_least"] && (!hasAtMost || n <= atMost)
}

// String returns the numbers in words, such as "exactly 2 requests".
func (e expectedCount) String() string {
	var parts []string
	var last int
	for _, member := range []string{"exactly", "at_least", "at_most"} {
		if n, ok := e[member]; ok {
			last = n
			parts = append(parts, fmt.Sprintf("%s %d", strings.ReplaceAll(member, "_", " "), n))
		}
	}

	unit := "requests"
	if last == 1 {
		unit = "request"
	}
	return strings.Join(parts, " and ") + " " + unit
}
