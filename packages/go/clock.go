package smartpaymock

import (
	"context"
	"time"
)

// The methods of the clock return the new time, in UTC. Lifetimes, claims and dates follow the clock.

// Now returns the time of the realm.
func (r *Realm) Now(ctx context.Context) (time.Time, error) {
	return r.clock(ctx, "GET", "/clock", nil)
}

// Advance moves the clock by a duration, in whole milliseconds.
func (r *Realm) Advance(ctx context.Context, d time.Duration) (time.Time, error) {
	return r.clock(ctx, "POST", "/clock/advance", map[string]any{"by": durationText(d)})
}

// SetTime sets the clock. It continues to run, unless it is frozen.
func (r *Realm) SetTime(ctx context.Context, t time.Time) (time.Time, error) {
	return r.clock(ctx, "PUT", "/clock", map[string]any{"now": t.UTC()})
}

// Freeze stops the clock.
func (r *Realm) Freeze(ctx context.Context) (time.Time, error) {
	return r.clock(ctx, "PUT", "/clock", map[string]any{"frozen": true})
}

// FreezeAt sets the clock to a time and stops it there.
func (r *Realm) FreezeAt(ctx context.Context, t time.Time) (time.Time, error) {
	return r.clock(ctx, "PUT", "/clock", map[string]any{"now": t.UTC(), "frozen": true})
}

// ResetClock lets the clock run in real time again.
func (r *Realm) ResetClock(ctx context.Context) (time.Time, error) {
	return r.clock(ctx, "DELETE", "/clock", nil)
}

// Travel advances the clock, and then calls each of the functions with the same duration, such as the
// methods Advance or Add of other clocks. Within a bubble of testing/synctest, [time.Sleep] is such a
// function.
func (r *Realm) Travel(
	ctx context.Context, d time.Duration, others ...func(time.Duration),
) (time.Time, error) {
	now, err := r.Advance(ctx, d)
	if err != nil {
		return time.Time{}, err
	}
	for _, advance := range others {
		advance(d)
	}
	return now, nil
}

func (r *Realm) clock(ctx context.Context, method, path string, body any) (time.Time, error) {
	var clock struct{ Now time.Time }
	err := r.call(ctx, method, path, body, &clock)
	return clock.Now, err
}
