package smartpaymock

import (
	"strconv"
	"time"
)

// durationText returns a duration in the form that the server reads. It counts in milliseconds; what is
// shorter counts as one, since zero would mean something else.
func durationText(d time.Duration) string {
	ms := d.Milliseconds()
	if ms == 0 && d > 0 {
		ms = 1
	}
	return strconv.FormatInt(ms, 10) + "ms"
}

// optionalDuration returns a duration as text, which is empty for zero.
func optionalDuration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return durationText(d)
}
