package smartpaymock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// Mock is a server or realm that belongs to a test. Its methods end the test if a call fails, as
// [testing.T.Fatal] does. At the end of the test, its expectations are checked. If the test fails, its log
// shows the requests that the mock received.
type Mock struct {
	tb    testing.TB
	realm *Realm
	close func() error

	mu         sync.Mutex
	injections []*Injection
	clients    []*http.Client
}

// Start starts a server on a free port of this machine. It ends with the test.
//
// If the environment variable SMARTPAY_MOCK_SERVER names a server that runs already, the result is a new
// realm there.
func Start(t testing.TB, options ...Option) *Mock {
	t.Helper()
	options = append([]Option{realmLabel(t.Name())}, options...)
	server, err := New(context.Background(), options...)
	if err != nil {
		t.Fatal(err)
	}
	return forTest(t, server.Realm, server.Close)
}

// realmForTest creates a realm for a test.
func realmForTest(t testing.TB, parent *Realm, options []RealmOption) *Mock {
	t.Helper()
	options = append([]RealmOption{realmLabel(t.Name())}, options...)
	realm, err := parent.NewRealm(context.Background(), options...)
	if err != nil {
		t.Fatal(err)
	}
	return forTest(t, realm, realm.Close)
}

// forTest ties a realm to a test.
func forTest(t testing.TB, realm *Realm, close func() error) *Mock {
	mock := &Mock{tb: t, realm: realm, close: close}
	t.Cleanup(mock.end)
	return mock
}

// realmLabel is the start of the name of a realm.
type realmLabel string

func (l realmLabel) applyToServer(config *serverConfig) { config.label = string(l) }

func (l realmLabel) applyToRealm(config *realmConfig) { config.label = string(l) }

// Realm returns the same server or realm with methods that return errors and that any goroutine may
// call.
func (m *Mock) Realm() *Realm { return m.realm }

// NewRealm creates a realm for the same test: an isolated server, on a port of its own. Without fixtures,
// it begins with those of the server.
func (m *Mock) NewRealm(options ...RealmOption) *Mock {
	m.tb.Helper()
	return realmForTest(m.tb, m.realm, options)
}

// end checks the expectations, logs what the mock saw if the test has failed, and closes it.
func (m *Mock) end() {
	m.mu.Lock()
	injections, clients := m.injections, m.clients
	m.mu.Unlock()

	hadFailed := m.hasFailed()
	for _, injection := range injections {
		injection.check(hadFailed)
	}
	if m.hasFailed() {
		text, err := m.realm.Describe(context.Background())
		if err != nil {
			text = err.Error()
		}
		m.tb.Logf("smartpaymock: what %s saw:\n%s", m.realm.BaseURL(), text)
	}

	for _, client := range clients {
		client.CloseIdleConnections()
	}
	if err := m.close(); err != nil {
		m.tb.Errorf("smartpaymock: the mock cannot be closed: %v", err)
	}
}

// hasFailed returns whether the test has failed. Until its cleanups have run, a test that panics has not.
func (m *Mock) hasFailed() bool {
	if m.tb.Failed() {
		return true
	}
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for {
		frame, more := frames.Next()
		if frame.Function == "runtime.gopanic" {
			return true
		}
		if !more {
			return false
		}
	}
}

// must ends the test if there is an error.
func (m *Mock) must(err error) {
	if err != nil {
		m.tb.Helper()
		m.tb.Fatal(err)
	}
}

// check fails the test if an expectation is not met, and ends it if that cannot be told. It returns
// whether the expectation is met.
func (m *Mock) check(err error) bool {
	m.tb.Helper()
	var unmet *ExpectationError
	if !errors.As(err, &unmet) {
		m.must(err)
		return true
	}
	m.tb.Errorf("smartpaymock: %s", unmet.Message)
	return false
}

// Injection is a scenario that is in force, until it is removed or the test ends.
type Injection struct {
	mock   *Mock
	active *ActiveScenario

	mu sync.Mutex
	// expected is empty if there is no expectation, or it has been checked.
	expected []Count
	// place is where the expectation was set.
	place string
}

// Inject puts a scenario in force, until the end of the test. It comes before all others.
func (m *Mock) Inject(scenario Scenario) *Injection {
	m.tb.Helper()
	active, err := m.realm.Inject(context.Background(), scenario)
	m.must(err)
	injection := &Injection{mock: m, active: active}

	m.mu.Lock()
	defer m.mu.Unlock()
	m.injections = append(m.injections, injection)
	return injection
}

// Name returns the name of the scenario.
func (i *Injection) Name() string { return i.active.Name() }

// Expect expects the scenario to match this number of requests. At the end of the test, or when the
// scenario is removed, the test fails if it has not, and shows the requests that were received. It
// returns the injection.
func (i *Injection) Expect(n int) *Injection { return i.expect(Exactly(n)) }

// ExpectCount is like [Injection.Expect] for other numbers, such as [AtMost]. The default is at least
// one.
func (i *Injection) ExpectCount(counts ...Count) *Injection {
	if len(counts) == 0 {
		counts = []Count{AtLeast(1)}
	}
	return i.expect(counts...)
}

// Matched returns the number of requests that the scenario has matched.
func (i *Injection) Matched() int {
	i.mock.tb.Helper()
	matched, err := i.active.Matched(context.Background())
	i.mock.must(err)
	return matched
}

// Held returns the number of requests that the scenario holds now.
func (i *Injection) Held() int {
	i.mock.tb.Helper()
	held, err := i.active.Held(context.Background())
	i.mock.must(err)
	return held
}

// Release lets the requests continue that the scenario holds, and returns their number.
func (i *Injection) Release() int {
	i.mock.tb.Helper()
	released, err := i.active.Release(context.Background())
	i.mock.must(err)
	return released
}

// Remove removes the scenario, and fails the test if its expectation is not met. It can be deferred.
func (i *Injection) Remove() {
	i.mock.tb.Helper()
	i.check(i.mock.hasFailed())
	i.mock.must(i.active.Remove(context.Background()))
}

func (i *Injection) expect(counts ...Count) *Injection {
	i.mu.Lock()
	defer i.mu.Unlock()

	i.expected = counts
	if _, file, line, ok := runtime.Caller(2); ok {
		i.place = fmt.Sprintf("%s:%d: ", filepath.Base(file), line)
	}
	return i
}

// check fails the test if the expectation is not met. If the test had failed before, or is skipped, its own
// reason is the better one.
func (i *Injection) check(hadFailed bool) {
	i.mock.tb.Helper()
	i.mu.Lock()
	expected, place := i.expected, i.place
	i.expected = nil
	i.mu.Unlock()
	if len(expected) == 0 || hadFailed || i.mock.tb.Skipped() {
		return
	}

	if err := i.active.Verify(context.Background(), expected...); err != nil {
		i.mock.tb.Errorf("%s%v", place, err)
	}
}
