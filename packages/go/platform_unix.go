//go:build unix

package smartpaymock

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// detach keeps signals of a terminal from a process. Ctrl-C ends the tests, which end the server.
func detach(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// userTempDir returns a folder for temporary files that belongs to this user.
func userTempDir() (string, error) {
	folder := filepath.Join(os.TempDir(), programName+"-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return folder, checkOwner(folder)
}

// checkOwner returns an error unless only this user may write to a folder.
func checkOwner(folder string) error {
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(status.Uid) != os.Getuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("others may write to %s", folder)
	}
	return nil
}

// output is the standard output of the program. It never writes there, so that it is closed when the
// program ends.
type output struct{ *os.File }

// closesWithin waits until the output is closed, at most for a duration, and returns whether it is. The
// deadline of a pipe is real time, also within a bubble of testing/synctest.
func (o *output) closesWithin(d time.Duration) bool {
	if err := o.SetReadDeadline(time.Now().Add(d)); err != nil {
		return true
	}
	for {
		if _, err := o.Read(make([]byte, 512)); err != nil {
			return !errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
}
