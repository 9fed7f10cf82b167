package smartpaymock_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// recorder is a test that may fail. It is not a real one, so that its failure can be looked at.
type recorder struct {
	testing.TB

	mu       sync.Mutex
	failed   bool
	skipped  bool
	output   strings.Builder
	cleanups []func()
}

// record runs a test that may fail, with its cleanups.
func record(t *testing.T, test func(testing.TB)) *recorder {
	r := &recorder{TB: t}
	r.run(func() { test(r) })
	for len(r.cleanups) > 0 {
		last := len(r.cleanups) - 1
		cleanup := r.cleanups[last]
		r.cleanups = r.cleanups[:last]
		r.run(cleanup)
	}
	return r
}

// run calls a function that may end its goroutine.
func (r *recorder) run(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Failed() bool  { r.mu.Lock(); defer r.mu.Unlock(); return r.failed }
func (r *recorder) Skipped() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.skipped }
func (r *recorder) SkipNow()      { r.skipped = true; runtime.Goexit() }

func (r *recorder) Logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.output, format+"\n", args...)
}

func (r *recorder) Fail() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

func (r *recorder) Errorf(format string, args ...any) { r.Logf(format, args...); r.Fail() }
func (r *recorder) Error(args ...any)                 { r.Errorf("%s", fmt.Sprint(args...)) }
func (r *recorder) Fatal(args ...any)                 { r.Error(args...); runtime.Goexit() }

// wantFailure checks that the test failed, and that its output has these parts.
func (r *recorder) wantFailure(t *testing.T, parts ...string) {
	t.Helper()
	if !r.failed {
		t.Error("the test has not failed")
	}
	wantContains(t, r.output.String(), parts...)
}

// wantSuccess checks that the test did not fail.
func (r *recorder) wantSuccess(t *testing.T) {
	t.Helper()
	if r.failed || r.output.Len() > 0 {
		t.Errorf("the test failed:\n%s", r.output.String())
	}
}
