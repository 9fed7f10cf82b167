package smartpaymock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

const (
	// binaryVariable names another program.
	binaryVariable = "SMARTPAY_OAUTH_MOCK_BINARY"

	programName = "smartpay-oauth-mock"
)

// embeddedProgram is a program inside the module.
type embeddedProgram struct {
	data string
	// hash is the start of its SHA-256, in hexadecimal digits.
	hash string
}

// The files that packages/go/build adds to a release set these variables. A checkout of the source has
// none of them.
var (
	// embedded is the program for this platform.
	embedded embeddedProgram
	// platforms are those for which the module has a program.
	platforms []string
	// releaseVersion is the version of the module, which is also that of the program.
	releaseVersion string
)

// Version returns the version of the module, which is also that of the server, such as 0.1.0. It is
// empty in a checkout of the source.
func Version() string { return releaseVersion }

// findBinary returns the path of the program. The embedded one is unpacked if it is not there yet.
func findBinary() (string, error) {
	named := os.Getenv(binaryVariable)
	if named == "" {
		return embedded.unpack()
	}

	info, err := os.Stat(named)
	if err != nil {
		return "", fmt.Errorf("%s: %w", binaryVariable, err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s: %s is not a file", binaryVariable, named)
	}
	return filepath.Abs(named)
}

// unpack returns the path of the program in the user's cache folder, or in a temporary folder if that
// does not work. Its name has its hash, so that versions do not replace each other.
func (p embeddedProgram) unpack() (string, error) {
	if p.data == "" {
		return "", missingBinary()
	}
	name := programName + "-" + p.hash
	if runtime.GOOS == "windows" {
		name += ".exe"
	}

	var failures []error
	for _, parent := range []func() (string, error){os.UserCacheDir, userTempDir} {
		folder, err := parent()
		if err == nil && !filepath.IsAbs(folder) {
			// A folder for each working directory would be no cache. Go 1.21 accepts it.
			err = fmt.Errorf("%s is a relative path", folder)
		}
		if err == nil {
			folder = filepath.Join(folder, programName)
			if err = p.unpackTo(folder, name); err == nil {
				return filepath.Join(folder, name), nil
			}
		}
		failures = append(failures, err)
	}
	return "", fmt.Errorf("the program cannot be unpacked: %w", errors.Join(failures...))
}

// unpackTo writes the program to a folder, unless it is there. Several processes can do so at once: each
// writes a file of its own, which gets its name when it is complete.
func (p embeddedProgram) unpackTo(folder, name string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	// Somebody else who may write there could replace the program.
	if err := checkOwner(folder); err != nil {
		return err
	}
	path := filepath.Join(folder, name)
	if p.isAt(path) {
		return nil
	}

	temporary, err := p.write(folder)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		os.Remove(temporary)
		// Windows does not replace a program that runs: another process was faster.
		if !p.isAt(path) {
			return err
		}
	}
	return nil
}

// isAt returns whether a file is the program. One that was truncated, for example because the disk was
// full, is not.
func (p embeddedProgram) isAt(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() == int64(len(p.data))
}

// write writes the program to a new file, and returns the path of that.
func (p embeddedProgram) write(folder string) (path string, err error) {
	// A process that another goroutine starts now would inherit the open file, and then the program
	// could not be started: it would be busy.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()

	file, err := os.CreateTemp(folder, programName+"-*.tmp")
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			os.Remove(file.Name())
		}
	}()

	if _, err := file.WriteString(p.data); err != nil {
		return "", err
	}
	return file.Name(), file.Chmod(0o755)
}

// missingBinary returns why the module has no program for this platform.
func missingBinary() error {
	if len(platforms) == 0 {
		return fmt.Errorf("%w: this is a checkout of the source. `packages/build go` builds the module "+
			"with a program, in dist/go; or name a program in %s", ErrNoBinary, binaryVariable)
	}
	return fmt.Errorf("%w: the module has none for %s/%s, only for %s; `cargo install %s` builds one, "+
		"to be named in %s", ErrNoBinary, runtime.GOOS, runtime.GOARCH, strings.Join(platforms, ", "),
		programName, binaryVariable)
}
