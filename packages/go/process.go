package smartpaymock

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	startTimeout = 30 * time.Second
	pollInterval = 500 * time.Microsecond
	// parentInterval is how often is checked whether `go test` is still there.
	parentInterval = 500 * time.Millisecond
	// logTail is the number of bytes of the log that an error quotes.
	logTail = 4000
)

// process is a server of our own. It ends when this process does, however that ends, because its
// standard input is closed then.
type process struct {
	command *exec.Cmd
	stdin   io.Closer
	stdout  *output
	log     *os.File
	folder  string

	// parentTimer is nil if the process does not end with `go test`.
	parentTimer *time.Timer

	mu    sync.Mutex
	ended bool
}

// readyFile is what the server writes when it accepts requests.
type readyFile struct {
	HTTP   string `json:"http"`
	HTTPS  string `json:"https"`
	Portal string `json:"portal"`
}

// startProcess starts the program, and returns when it accepts requests. The folder is for its files.
func startProcess(ctx context.Context, args []string, folder string) (*process, readyFile, error) {
	if err := ctx.Err(); err != nil {
		return nil, readyFile{}, err
	}
	program, err := findBinary()
	if err != nil {
		return nil, readyFile{}, err
	}
	readyPath := filepath.Join(folder, "ready.json")
	own := []string{"--ready-file", readyPath, "--exit-on-stdin-close"}

	p := &process{command: exec.Command(program, append(own, args...)...), folder: folder}
	if err := p.spawn(); err != nil {
		return nil, readyFile{}, err
	}
	ready, err := p.waitUntilReady(ctx, readyPath)
	if err != nil {
		p.kill()
		return nil, readyFile{}, err
	}
	p.endWithGoTest()
	return p, ready, nil
}

func (p *process) spawn() error {
	log, err := os.OpenFile(filepath.Join(p.folder, "log"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	stdin, err := p.command.StdinPipe()
	if err != nil {
		return errors.Join(err, log.Close())
	}
	stdout, childStdout, err := os.Pipe()
	if err != nil {
		return errors.Join(err, log.Close(), stdin.Close())
	}

	p.stdin, p.stdout, p.log = stdin, &output{File: stdout}, log
	p.command.Stdout, p.command.Stderr = childStdout, log
	p.command.Env = serverEnvironment()
	detach(p.command)

	err = p.command.Start()
	childStdout.Close()
	if err != nil {
		return errors.Join(err, log.Close(), stdin.Close(), stdout.Close())
	}
	return nil
}

func (p *process) waitUntilReady(ctx context.Context, path string) (readyFile, error) {
	var ready readyFile
	for start := time.Now(); time.Since(start) < startTimeout; {
		hasEnded := p.stdout.closesWithin(pollInterval)
		// The file gets its name when it is complete.
		if content, err := os.ReadFile(path); err == nil {
			err = json.Unmarshal(content, &ready)
			return ready, err
		}
		if hasEnded {
			return ready, p.startError()
		}
		if err := ctx.Err(); err != nil {
			return ready, err
		}
	}
	return ready, fmt.Errorf("the server does not start within %s; its log:\n%s", startTimeout, p.logEnd())
}

// endWithGoTest ends the process when `go test` ends. If that is killed, the program with the tests goes
// on, although nobody sees its results. A timer needs no goroutine in the meantime.
func (p *process) endWithGoTest() {
	// Only `go test` sets this option. On Windows, the ID of a parent does not change.
	if !slices.Contains(os.Args, "-test.paniconexit0") {
		return
	}

	parent := os.Getppid()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parentTimer = time.AfterFunc(parentInterval, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch {
		case p.ended:
		case os.Getppid() != parent:
			p.stdin.Close()
		default:
			p.parentTimer.Reset(parentInterval)
		}
	})
}

// startError returns why the process ended before it accepted requests.
func (p *process) startError() error {
	// A program that closed its standard output need not have ended.
	p.command.Process.Kill()
	p.command.Wait()
	return &StartError{ExitCode: p.command.ProcessState.ExitCode(), Log: p.logEnd()}
}

// explain returns why the server did not respond.
func (p *process) explain(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return ErrClosed
	}

	// A process that was just killed takes a moment to end.
	if !p.stdout.closesWithin(200 * time.Millisecond) {
		return fmt.Errorf("the server does not respond: %w", err)
	}
	p.command.Wait()
	text := fmt.Sprintf("the server has ended (%s)", p.command.ProcessState)
	if log := p.logEnd(); log != "" {
		text += "; its log ends with:\n" + log
	}
	return fmt.Errorf("%s\n%w", text, err)
}

// logEnd returns the end of the log.
func (p *process) logEnd() string {
	info, err := p.log.Stat()
	if err != nil {
		return ""
	}
	tail := make([]byte, min(info.Size(), logTail))
	if _, err := p.log.ReadAt(tail, info.Size()-int64(len(tail))); err != nil && err != io.EOF {
		return ""
	}

	// Fixtures that were no file are in the folder, whose name says nothing.
	text := bytes.ReplaceAll(tail, []byte(p.folder+string(filepath.Separator)), nil)
	return strings.TrimSpace(string(text))
}

// kill ends the process at once. Its state is in memory only, so that there is nothing to save.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}

	p.ended = true
	if p.parentTimer != nil {
		p.parentTimer.Stop()
	}
	p.command.Process.Kill()
	p.command.Wait()
	p.stdin.Close()
	p.stdout.Close()
	p.log.Close()
}

// serverEnvironment returns the environment of the server: without the variables for its options, but
// for those of the log. A test gets the server that it asks for, on any machine.
func serverEnvironment() []string {
	environment := []string{"SMARTPAY_MOCK_LOG=warn"}
	for _, variable := range os.Environ() {
		isOption := strings.HasPrefix(variable, "SMARTPAY_MOCK_")
		if !isOption || strings.HasPrefix(variable, "SMARTPAY_MOCK_LOG") {
			environment = append(environment, variable)
		}
	}
	return environment
}
