//go:build !unix

package smartpaymock

import (
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// detach does nothing: a process of its own group would still belong to the console.
func detach(*exec.Cmd) {}

// userTempDir returns a folder for temporary files that belongs to this user.
func userTempDir() (string, error) { return os.TempDir(), nil }

// checkOwner does nothing: the folders of a user are protected by default.
func checkOwner(string) error { return nil }

// output is the standard output of the program. It never writes there, so that it is closed when the
// program ends.
type output struct {
	*os.File
	start  sync.Once
	closed chan struct{}
}

// closesWithin waits until the output is closed, at most for a duration, and returns whether it is. Pipes
// have no deadlines here, so that a goroutine reads.
func (o *output) closesWithin(d time.Duration) bool {
	o.start.Do(func() {
		o.closed = make(chan struct{})
		go func() {
			defer close(o.closed)
			io.Copy(io.Discard, o.File)
		}()
	})
	select {
	case <-o.closed:
		return true
	case <-time.After(d):
		return false
	}
}
