package smartpaymock_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

// scriptVariable has the name of a script that this program runs in place of the tests.
const scriptVariable = "SMARTPAYMOCK_TEST_SCRIPT"

// runScript starts a server, prints its URL, and then does what the script says.
func runScript(script string) {
	server, err := smartpaymock.New(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.BaseURL())

	switch script {
	case "close":
		server.Close()
	case "exit":
		os.Exit(3)
	case "goroutines":
		_, err := server.IssueTokens(context.Background())
		fmt.Println(runtime.NumGoroutine(), err)
	case "interrupt":
		interrupted := make(chan os.Signal, 1)
		signal.Notify(interrupted, os.Interrupt)
		fmt.Println("waiting")
		<-interrupted
		// A server that was interrupted, too, would still accept requests for a moment.
		time.Sleep(time.Second)
		_, err := server.IssueTokens(context.Background())
		fmt.Println("interrupted", err)
	case "panic":
		panic("on purpose")
	case "sleep":
		time.Sleep(time.Minute)
	}
}

// startScript starts a script, and returns its process and the URL of its server.
func startScript(t *testing.T, script string, environment ...string) (*exec.Cmd, string) {
	t.Helper()
	command, baseURL, _ := startScriptWithOutput(t, script, environment...)
	return command, baseURL
}

// startScriptWithOutput also returns what the script prints after the URL.
func startScriptWithOutput(
	t *testing.T, script string, environment ...string,
) (*exec.Cmd, string, *bufio.Reader) {
	t.Helper()
	command := exec.Command(os.Args[0])
	inGroup(command)
	command.Env = append(append(os.Environ(), scriptVariable+"="+script), environment...)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(output)
	baseURL, err := reader.ReadString('\n')
	if err != nil {
		t.Fatalf("the script %s: %v", script, err)
	}
	return command, strings.TrimSpace(baseURL), reader
}

// isListening returns whether there is a server at a URL.
func isListening(baseURL string) bool {
	parsed, err := url.Parse(baseURL)
	if err != nil {
		return false
	}
	conn, err := net.Dial("tcp", parsed.Host)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// waitForEnd waits until there is no server at a URL any more.
func waitForEnd(t *testing.T, baseURL string) {
	t.Helper()
	for i := 0; i < 1000; i++ {
		if !isListening(baseURL) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the server at %s is still running", baseURL)
}
