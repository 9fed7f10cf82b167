package smartpaymock_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// modulePath is the path of the module that these tests belong to.
const modulePath = "github.com/smartpay-oauth-mock/smartpaymock"

// newModule writes a module of a user, which has nothing but these files and this module.
func newModule(t *testing.T, files map[string]string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the command go is missing")
	}
	source, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	files["go.mod"] = "module shop\n\ngo 1.21\n\n" +
		"require " + modulePath + " v0.0.0\n\n" +
		"replace " + modulePath + " => " + source + "\n"
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// goCommand returns a go command in the folder of a module.
func goCommand(folder string, args ...string) *exec.Cmd {
	command := exec.Command("go", args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "PWD="+folder)
	return command
}

// goTest runs the tests of a module, and returns whether they pass, with their output.
func goTest(folder string, args ...string) (bool, string) {
	output, err := goCommand(folder, append([]string{"test", "-count=1"}, args...)...).CombinedOutput()
	return err == nil, string(output)
}

// waits prints the URL of its server, and then waits for its end.
const waits = `package shop

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

func TestThatWaits(t *testing.T) {
	mock := smartpaymock.Start(t)
	fmt.Println("server", mock.BaseURL())
	for {
		conn, err := net.Dial("tcp", strings.TrimPrefix(mock.BaseURL(), "http://"))
		if err != nil {
			return
		}
		conn.Close()
		time.Sleep(10 * time.Millisecond)
	}
}
`

func TestNothingRunsOnAfterGoTestIsKilled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process does not see that its parent has ended")
	}
	command := goCommand(newModule(t, map[string]string{"wait_test.go": waits}), "test", "-v")
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	inGroup(command)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { killGroup(command) })
	var baseURL string
	for lines := bufio.NewScanner(output); baseURL == "" && lines.Scan(); {
		if url, ok := strings.CutPrefix(lines.Text(), "server "); ok {
			baseURL = url
		}
	}
	if !isListening(baseURL) {
		t.Fatalf("there is no server at %q", baseURL)
	}

	// Only the command go: the program with the tests goes on.
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	command.Wait()
	waitForEnd(t, baseURL)
}

const fails = `package shop

import (
	"net/http"
	"testing"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

func TestThatFails(t *testing.T) {
	mock := smartpaymock.Start(t)
	mock.Inject(smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Status: 503}}}).Expect(2)
	response, err := http.PostForm(mock.TokenURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	mock.Verify(smartpaymock.Filter{Status: 200})
}

func TestThatPanics(t *testing.T) {
	smartpaymock.Start(t)
	panic("on purpose")
}
`

func TestAFailedTestShowsWhatTheMockSaw(t *testing.T) {
	t.Parallel()
	folder := newModule(t, map[string]string{"fail_test.go": fails})
	passed, output := goTest(folder, "-run", "TestThatFails")
	if passed {
		t.Error("the test has passed")
	}
	wantContains(t, output,
		`fail_test.go:18: smartpaymock: expected at least 1 request to match {"status":200}, but 0 did.`,
		"Closest requests:", "status: expected 200, found 503",
		"smartpaymock: what http://127.0.0.1:", "#1 POST /oauth2/v3/token -> 503 by scenario",
		"note (#1): ")

	_, output = goTest(folder, "-run", "TestThatPanics")
	wantContains(t, output, "panic: on purpose", "No request was received.")
}
