//go:build unix

package smartpaymock_test

import (
	"os/exec"
	"syscall"
	"testing"
)

// inGroup gives a process a group of its own, as a shell does.
func inGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killGroup ends the processes of the group that have not ended yet.
func killGroup(command *exec.Cmd) { syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }

// Ctrl-C ends the tests, whose cleanups still use the server.
func TestAServerOutlivesAnInterruptOfTheTests(t *testing.T) {
	t.Parallel()
	command, baseURL, output := startScriptWithOutput(t, "interrupt")
	want := func(line string) {
		t.Helper()
		if got, err := output.ReadString('\n'); err != nil || got != line {
			t.Errorf("the script prints %q, want %q", got, line)
		}
	}

	want("waiting\n")
	if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	want("interrupted <nil>\n")
	command.Wait()
	waitForEnd(t, baseURL)
}
