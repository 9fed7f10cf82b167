package smartpaymock_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

func TestAServerStartsWithoutATest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server, err := smartpaymock.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.IssueTokens(ctx); err != nil {
		t.Error(err)
	}
	if server.Name() != "default" {
		t.Errorf("Name: %s", server.Name())
	}

	baseURL := server.BaseURL()
	for i := 0; i < 2; i++ {
		if err := server.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if isListening(baseURL) {
		t.Error("the server is still running after Close")
	}
	if _, err := server.IssueTokens(ctx); !errors.Is(err, smartpaymock.ErrClosed) {
		t.Errorf("IssueTokens after Close: %v", err)
	}
}

func TestFixturesHaveManyForms(t *testing.T) {
	t.Parallel()
	const text = "extends: default\nclients: [{ id: my-app, secret: my-secret }]\n"
	file := filepath.Join(t.TempDir(), "fixtures.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	forms := map[string]smartpaymock.FixtureSet{
		"text": smartpaymock.Fixtures(text),
		"indented text": smartpaymock.Fixtures(`
			extends: default
			clients:
			  - id: my-app
			    secret: my-secret
		`),
		"JSON": smartpaymock.Fixtures(`{"extends": "default", "clients": [{"id": "my-app", "secret": "s"}]}`),
		"value": smartpaymock.FixturesValue(map[string]any{
			"extends": "default",
			"clients": []map[string]string{{"id": "my-app", "secret": "my-secret"}},
		}),
		"file": smartpaymock.FixturesFile(file),
	}
	for name, fixtures := range forms {
		fixtures := fixtures
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mine := smartpaymock.ForClient("my-app")
			mock := smartpaymock.Start(t, fixtures)
			mock.IssueCode(mine)
			// A realm begins with the fixtures of its server.
			mock.NewRealm().IssueCode(mine)

			mock = server.ForTest(t, fixtures)
			mock.IssueCode(mine)
			mock = server.ForTest(t)
			mock.SetFixtures(fixtures)
			mock.IssueCode(mine)
		})
	}
	t.Run("folder", func(t *testing.T) {
		t.Parallel()
		folder := smartpaymock.FixturesFile(filepath.Dir(file))
		smartpaymock.Start(t, folder).IssueCode(smartpaymock.ForClient("my-app"))
		_, err := server.NewRealm(context.Background(), folder)
		wantError(t, err, "is a folder")
	})
}

func TestBadFixturesAreAnErrorWithTheirPlace(t *testing.T) {
	t.Parallel()
	const bad = "extends: default\nclints: []\n"
	file := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	forms := map[string]smartpaymock.FixtureSet{
		"fixtures.yaml:2:1: ": smartpaymock.Fixtures(bad),
		"fixtures.json:2:3: ": smartpaymock.FixturesValue(map[string]any{"clints": []int{}}),
		file + ":2:1: ":       smartpaymock.FixturesFile(file),
	}
	for place, fixtures := range forms {
		_, err := smartpaymock.New(context.Background(), fixtures)
		var refused *smartpaymock.StartError
		if !errors.As(err, &refused) || refused.ExitCode != 2 {
			t.Errorf("New: %#v", err)
		}
		wantError(t, err, "smartpaymock: "+place, `did you mean "clients"`)
	}

	err := server.SetFixtures(context.Background(), smartpaymock.Fixtures(bad))
	var refused *smartpaymock.Error
	if !errors.As(err, &refused) || refused.Fields[0].Line != 2 || refused.Fields[0].Column != 1 {
		t.Errorf("SetFixtures: %#v", err)
	}
	_, err = server.NewRealm(context.Background(), smartpaymock.Fixtures(bad))
	wantError(t, err, `did you mean "clients"`)
}

func TestMistakesWithFixturesAreExplained(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	mistakes := map[string]smartpaymock.FixtureSet{
		"use FixturesFile":     smartpaymock.Fixtures("testdata/fixtures.yaml"),
		"the text is empty":    smartpaymock.Fixtures("\n\t\n"),
		"nowhere.yaml":         smartpaymock.FixturesFile("nowhere.yaml"),
		"unsupported type: ch": smartpaymock.FixturesValue(make(chan int)),
	}
	for text, fixtures := range mistakes {
		_, err := smartpaymock.New(ctx, fixtures)
		wantError(t, err, text)
		_, err = server.NewRealm(ctx, fixtures)
		wantError(t, err, text)
	}
}

func TestOptionsOfTheCommandLineAreChecked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, err := smartpaymock.New(ctx, smartpaymock.Args("--listn"))
	wantError(t, err, "unexpected argument '--listn'")
	_, err = smartpaymock.New(ctx, smartpaymock.ClientAuth(smartpaymock.ClientAuthRequired))
	wantError(t, err, "--client-auth requires --tls-listen")
	_, err = smartpaymock.New(ctx, smartpaymock.TLS(), smartpaymock.Args("--listen=off"))
	wantError(t, err, "leave out --listen")
}

func TestAPortThatIsTakenIsAnError(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = smartpaymock.New(context.Background(), smartpaymock.Args("--listen", taken.Addr().String()))
	var failed *smartpaymock.StartError
	if !errors.As(err, &failed) || failed.ExitCode != 1 {
		t.Errorf("New: %#v", err)
	}
	wantError(t, err, "cannot listen on "+taken.Addr().String())
}

func TestAStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := smartpaymock.New(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("New: %v", err)
	}
	// Later, the context does not matter.
	ctx, cancel = context.WithCancel(context.Background())
	server, err := smartpaymock.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	cancel()
	if _, err := server.IssueCode(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestStartFailsTheTestWithTheReason(t *testing.T) {
	t.Parallel()
	record(t, func(t testing.TB) {
		smartpaymock.Start(t, smartpaymock.Fixtures("extends: nothing"))
		t.Logf("not reached")
	}).wantFailure(t, "smartpaymock: fixtures.yaml:1:")
	record(t, func(t testing.TB) {
		server.ForTest(t).IssueCode(smartpaymock.ForClient("nobody"))
		t.Logf("not reached")
	}).wantFailure(t, "nobody", "smartpaymock: what http://")
}

func TestAnotherProgramCanBeNamed(t *testing.T) {
	const variable = "SMARTPAY_OAUTH_MOCK_BINARY"
	folder := t.TempDir()
	ctx := context.Background()

	t.Setenv(variable, filepath.Join(folder, "nowhere"))
	_, err := smartpaymock.New(ctx)
	wantError(t, err, variable, "nowhere")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("New: %#v", err)
	}
	t.Setenv(variable, folder)
	_, err = smartpaymock.New(ctx)
	wantError(t, err, "is not a file")

	if runtime.GOOS == "windows" {
		t.Skip("there are no shell scripts")
	}
	program := filepath.Join(folder, "other")
	script := "#!/bin/sh\necho 'I am not the mock' >&2\nexit 7\n"
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(variable, program)
	_, err = smartpaymock.New(ctx)
	var failed *smartpaymock.StartError
	if !errors.As(err, &failed) || failed.ExitCode != 7 {
		t.Errorf("New: %#v", err)
	}
	wantError(t, err, "I am not the mock")

	if err := os.Chmod(program, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err = smartpaymock.New(ctx); !errors.Is(err, os.ErrPermission) {
		t.Errorf("New: %v", err)
	}
}

func TestTheEnvironmentDoesNotChangeTheServer(t *testing.T) {
	t.Setenv("SMARTPAY_MOCK_FIXTURES", "/nowhere.yaml")
	t.Setenv("SMARTPAY_MOCK_LISTEN", "256.0.0.1:80")
	t.Setenv("SMARTPAY_MOCK_CONTROL_TOKEN", "a-token")
	smartpaymock.Start(t).IssueCode()
}

func TestAControlTokenIsUsed(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t, smartpaymock.Args("--control-token", "a-token"))
	mock.NewRealm().IssueCode()
}

func TestNothingRunsOnAfterTheTests(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"close", "exit", "panic", "forget"} {
		command, baseURL := startScript(t, script)
		command.Wait()
		waitForEnd(t, baseURL)
	}

	command, baseURL := startScript(t, "sleep")
	if !isListening(baseURL) {
		t.Errorf("no server at %s", baseURL)
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	command.Wait()
	waitForEnd(t, baseURL)
}

func TestAServerNeedsNoGoroutines(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a goroutine waits for the end of the process")
	}
	command, _, output := startScriptWithOutput(t, "goroutines")
	// Only that of main.
	if line, err := output.ReadString('\n'); err != nil || line != "1 <nil>\n" {
		t.Errorf("goroutines: %q, %v", line, err)
	}
	command.Wait()
}

func TestNoFileIsLeftBehind(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	t.Setenv("TMP", folder)
	for _, options := range [][]smartpaymock.Option{
		nil,
		{smartpaymock.Fixtures("extends: default")},
		{smartpaymock.TLS(), smartpaymock.Args("--watch")},
		{smartpaymock.Fixtures("clints: []")},
	} {
		server, err := smartpaymock.New(context.Background(), options...)
		if err != nil {
			continue
		}
		if len(options) == 2 {
			if _, _, err := server.ClientCertificate("my-company"); err != nil {
				t.Error(err)
			}
		} else if runtime.GOOS != "windows" {
			// Nothing is there to be left behind by tests that are killed.
			wantEmpty(t, folder)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
	wantEmpty(t, folder)
}

func TestAServerThatDiesIsAnErrorWithItsLog(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	folder := t.TempDir()
	t.Setenv("SMARTPAY_MOCK_LOG", "info")
	pid := filepath.Join(folder, "pid")
	program := filepath.Join(folder, "program")
	script := "#!/bin/sh\necho $$ >" + pid + "\nexec " + binary(t) + " \"$@\"\n"
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SMARTPAY_OAUTH_MOCK_BINARY", program)

	server, err := smartpaymock.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	kill(t, pid)
	_, err = server.IssueCode(context.Background())
	wantError(t, err, "the server has ended (signal: killed)", "its log ends with:", "listening")
}

func TestTheVersionIsThatOfTheProgram(t *testing.T) {
	t.Parallel()
	if smartpaymock.Version() == "" {
		t.Skip("this is a checkout of the source, without a program")
	}
	if strings.Count(smartpaymock.Version(), ".") != 2 {
		t.Errorf("Version: %s", smartpaymock.Version())
	}
}

func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", parts)
		return
	}
	wantContains(t, err.Error(), parts...)
}

func wantEmpty(t testing.TB, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Errorf("%s is left behind", entry.Name())
	}
}

// kill ends the process whose ID is in a file, and waits for its end.
func kill(t testing.TB, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	id := 0
	for _, digit := range strings.TrimSpace(string(content)) {
		id = id*10 + int(digit-'0')
	}
	process, err := os.FindProcess(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Millisecond)
}
