package smartpaymock

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
)

// ActiveScenario is a scenario that is in force, until it is removed or the realm is closed.
type ActiveScenario struct {
	realm *Realm
	name  string

	mu sync.Mutex
	// removed is the state at the time of the removal.
	removed *scenarioState
}

type scenarioState struct {
	Matched int `json:"matched"`
	Held    int `json:"held"`
}

// Inject puts a scenario in force. It comes before all others.
func (r *Realm) Inject(ctx context.Context, scenario Scenario) (*ActiveScenario, error) {
	var added struct{ Name string }
	if err := r.call(ctx, "POST", "/scenarios", scenario, &added); err != nil {
		return nil, err
	}
	return &ActiveScenario{realm: r, name: added.Name}, nil
}

// Name returns the name of the scenario.
func (a *ActiveScenario) Name() string { return a.name }

// Matched returns the number of requests that the scenario has matched.
func (a *ActiveScenario) Matched(ctx context.Context) (int, error) {
	state, err := a.state(ctx)
	return state.Matched, err
}

// Held returns the number of requests that the scenario holds now.
func (a *ActiveScenario) Held(ctx context.Context) (int, error) {
	state, err := a.state(ctx)
	return state.Held, err
}

// Release lets the requests continue that the scenario holds, and returns their number.
func (a *ActiveScenario) Release(ctx context.Context) (int, error) {
	var released struct{ Released int }
	err := a.realm.call(ctx, "POST", a.path()+"/release", nil, &released)
	return released.Released, err
}

// Remove removes the scenario. It can be called more than once.
func (a *ActiveScenario) Remove(ctx context.Context) error {
	state, err := a.state(ctx)
	if err == nil {
		err = a.realm.call(ctx, "DELETE", a.path(), nil, nil)
	}
	// A reset, or new fixtures, may have removed it before.
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	if a.removed == nil && err == nil {
		a.removed = &scenarioState{Matched: state.Matched}
	}
	return nil
}

// Verify returns an [*ExpectationError], with the requests received, unless the scenario has matched
// this number of requests. The default is at least one.
func (a *ActiveScenario) Verify(ctx context.Context, counts ...Count) error {
	expected := newExpectedCount(counts)
	state, err := a.state(ctx)
	if errors.Is(err, ErrNotFound) {
		return &ExpectationError{fmt.Sprintf("the scenario %q was expected to match %s, but a reset, or "+
			"new fixtures, have removed it", a.name, expected)}
	}
	if err != nil || expected.allows(state.Matched) {
		return err
	}

	received, err := a.realm.describeReceived(ctx)
	if err != nil {
		return err
	}
	return &ExpectationError{fmt.Sprintf("the scenario %q was expected to match %s, but matched %d.\n%s",
		a.name, expected, state.Matched, received)}
}

func (a *ActiveScenario) state(ctx context.Context) (scenarioState, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.removed != nil {
		return *a.removed, nil
	}

	var state scenarioState
	err := a.realm.call(ctx, "GET", a.path(), nil, &state)
	return state, err
}

func (a *ActiveScenario) path() string { return "/scenarios/" + url.PathEscape(a.name) }
