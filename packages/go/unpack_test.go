package smartpaymock_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

// useCacheFolder makes a temporary folder the user's cache folder, and returns it.
func useCacheFolder(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the cache folder has no variable of its own")
	}
	folder := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", folder)
	return folder
}

// binary returns the path of the program that the tests use.
func binary(t testing.TB) string {
	t.Helper()
	path, err := smartpaymock.FindBinary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheProgramIsUnpackedOnce(t *testing.T) {
	cache := useCacheFolder(t)
	path, err := smartpaymock.Unpack("#!/bin/sh\n", "0123")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(cache, "smartpay-oauth-mock", "smartpay-oauth-mock-0123"); path != want {
		t.Errorf("Unpack: %s, want %s", path, want)
	}
	first, err := os.Stat(path)
	if err != nil || first.Mode().Perm() != 0o755 {
		t.Fatalf("%v, %v", first, err)
	}

	if _, err := smartpaymock.Unpack("#!/bin/sh\n", "0123"); err != nil {
		t.Fatal(err)
	}
	second, err := os.Stat(path)
	if err != nil || !os.SameFile(first, second) || !first.ModTime().Equal(second.ModTime()) {
		t.Error("it was unpacked again")
	}
	// Another version has another name.
	if other, err := smartpaymock.Unpack("#!/bin/sh\n", "4567"); err != nil || other == path {
		t.Errorf("Unpack: %s, %v", other, err)
	}
}

func TestATruncatedProgramIsReplaced(t *testing.T) {
	useCacheFolder(t)
	const program = "#!/bin/sh\nexit 0\n"
	path, err := smartpaymock.Unpack(program, "0123")
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", program[:5]} {
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := smartpaymock.Unpack(program, "0123"); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != program {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestTheProgramIsUnpackedByManyAtOnce(t *testing.T) {
	cache := useCacheFolder(t)
	program := strings.Repeat("0123456789", 1_000_000)
	var group sync.WaitGroup
	for i := 0; i < 20; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			path, err := smartpaymock.Unpack(program, "0123")
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != program {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		}()
	}
	group.Wait()

	entries, err := os.ReadDir(filepath.Join(cache, "smartpay-oauth-mock"))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// Each process would start a program that another one has not written completely, if that were possible.
func TestManyProcessesBeginWithAnEmptyCache(t *testing.T) {
	cache := useCacheFolder(t)
	var group sync.WaitGroup
	for i := 0; i < 10; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			command, _ := startScript(t, "close", "XDG_CACHE_HOME="+cache)
			if err := command.Wait(); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
}

func TestWithoutACacheFolderTheProgramIsInATemporaryFolder(t *testing.T) {
	useCacheFolder(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	for _, cache := range []string{"", "/dev/null/nowhere", "relative"} {
		t.Setenv("XDG_CACHE_HOME", cache)
		t.Setenv("HOME", "")
		path, err := smartpaymock.Unpack("#!/bin/sh\n", "0123")
		if err != nil || !strings.HasPrefix(path, temporary) {
			t.Errorf("Unpack: %s, %v", path, err)
		}
	}
}

func TestAFolderThatOthersMayWriteToIsNotUsed(t *testing.T) {
	cache := useCacheFolder(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	shared := filepath.Join(cache, "smartpay-oauth-mock")
	if err := os.Mkdir(shared, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shared, 0o777); err != nil {
		t.Fatal(err)
	}
	path, err := smartpaymock.Unpack("#!/bin/sh\n", "0123")
	if err != nil || !strings.HasPrefix(path, temporary) {
		t.Errorf("Unpack: %s, %v", path, err)
	}
}

func TestAModuleWithoutAProgramSaysSo(t *testing.T) {
	_, err := smartpaymock.Unpack("", "")
	if !errors.Is(err, smartpaymock.ErrNoBinary) {
		t.Errorf("Unpack: %v", err)
	}
	if smartpaymock.Version() == "" {
		wantError(t, err, "this is a checkout of the source", "packages/build go")
	} else {
		wantError(t, err, "the module has none for "+runtime.GOOS, "SMARTPAY_OAUTH_MOCK_BINARY")
	}
}

func TestTheIndentationOfATextIsRemoved(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\n\t\ta:\n\t\t  b: 1\n\n\t":   "\na:\n  b: 1\n\n",
		"a:\n  b: 1\n":                 "a:\n  b: 1\n",
		"  a: 1\n\tb: 2":               "  a: 1\n\tb: 2",
		"\t a: 1\n\t  b: 2\r\n\t\r\n":  "a: 1\n b: 2\r\n\r\n",
		"":                             "",
		"\t{\n\t\t\"a\": 1\n\t}":       "{\n\t\"a\": 1\n}",
		"\n    a: |\n      text\n\n  ": "\na: |\n  text\n\n",
	} {
		if got := smartpaymock.Dedent(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
