package smartpaymock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// Server is a server, and the handle of its default realm. Create it with [New].
type Server struct {
	*Realm

	// process is nil for a server that somebody else started.
	process *process
	folder  string
}

// New starts a server on a free port of this machine, and returns when it accepts requests. The context
// limits the time of the start only. Close the server at the end; it also ends with this process,
// however that ends.
//
// If the environment variable SMARTPAY_MOCK_SERVER names a server that runs already, the result is a new
// realm there.
//
// The error is a [*StartError] for invalid options or fixtures, or [ErrNoBinary] if there is no program
// for this platform.
func New(ctx context.Context, options ...Option) (*Server, error) {
	config := serverConfig{realmConfig: realmConfig{label: defaultLabel}}
	for _, option := range options {
		option.applyToServer(&config)
	}

	start := launch
	if os.Getenv(serverVariable) != "" {
		start = attach
	}
	server, err := start(ctx, &config)
	if err != nil {
		return nil, wrap(err)
	}
	return server, nil
}

// Close ends the server with its realms, and removes its files. It can be called more than once.
func (s *Server) Close() error {
	var err error
	if s.process == nil {
		err = s.Realm.Close()
	} else {
		s.process.kill()
	}
	s.control.close()
	if s.folder != "" {
		err = errors.Join(err, os.RemoveAll(s.folder))
	}
	return err
}

// ForTest creates a realm for a test: an isolated server, on a port of its own. Without fixtures, it
// begins with those of the server. It ends with the test.
func (s *Server) ForTest(t testing.TB, options ...RealmOption) *Mock {
	t.Helper()
	return realmForTest(t, s.Realm, options)
}

// launch starts a process.
func launch(ctx context.Context, config *serverConfig) (*Server, error) {
	folder, err := os.MkdirTemp("", programName+"-")
	if err != nil {
		return nil, err
	}
	server, err := launchIn(ctx, config, folder)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}

	// So nothing is left behind if this process is killed. Windows does not remove files in use.
	isNeeded := config.usesTLS || slices.Contains(config.args, "--watch")
	if !isNeeded && os.RemoveAll(folder) == nil {
		server.folder = ""
	}
	return server, nil
}

// launchIn starts a process with a folder for its files.
func launchIn(ctx context.Context, config *serverConfig, folder string) (*Server, error) {
	args := config.commandLine(folder)
	if config.fixtures != nil {
		path, err := config.fixtures.toFile(folder)
		if err != nil {
			return nil, err
		}
		args = append(args, "--fixtures", path)
	}
	process, ready, err := startProcess(ctx, args, folder)
	if err != nil {
		return nil, err
	}

	server := &Server{process: process, folder: folder}
	if server.Realm, err = realmOfProcess(process, ready, config, folder); err != nil {
		process.kill()
		return nil, err
	}
	return server, nil
}

// realmOfProcess returns the handle of the default realm.
func realmOfProcess(
	process *process, ready readyFile, config *serverConfig, folder string,
) (*Realm, error) {
	realm := &Realm{portal: ready.Portal, baseURL: ready.HTTP}
	if config.usesTLS {
		if tlsFolder := config.valueOf("--tls-dir"); tlsFolder != "" {
			folder = tlsFolder
		}
		realm.tls = &tlsFiles{folder: folder}
		realm.baseURL = ready.HTTPS
	}

	base, err := parseServerURL(ready.HTTP)
	if err != nil {
		return nil, errors.New("the server has no HTTP port, which control calls need: leave out --listen")
	}
	realm.control = &control{
		base: base, token: config.valueOf("--control-token"), explain: process.explain,
	}
	return realm, nil
}

// attach creates a realm on a server that runs already.
func attach(ctx context.Context, config *serverConfig) (*Server, error) {
	url := strings.TrimRight(os.Getenv(serverVariable), "/")
	if err := config.rejectForRunning(url); err != nil {
		return nil, err
	}

	// The URL of a realm means its server.
	serverURL, _, _ := strings.Cut(url, "/realms/")
	base, err := parseServerURL(serverURL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", serverVariable, err)
	}
	files, err := runningTLSFiles()
	if err != nil {
		return nil, err
	}
	parent := &Realm{tls: files, baseURL: serverURL, control: &control{
		base:  base,
		token: os.Getenv(controlTokenVariable),
		explain: func(err error) error {
			return fmt.Errorf("%s: there is no server at %s: %w", serverVariable, url, err)
		},
	}}
	if base.Scheme == "https" {
		if parent.control.tls, err = files.controlConfig(); err != nil {
			return nil, err
		}
	}

	realm, err := parent.newRealm(ctx, config.realmConfig)
	if err != nil {
		parent.control.close()
		return nil, err
	}
	// Realms of this one begin with the fixtures of the tests, not with those of the server.
	realm.fixtures = config.fixtures
	return &Server{Realm: realm}, nil
}

// rejectForRunning rejects options that only a new server could have.
func (c *serverConfig) rejectForRunning(url string) error {
	options := []struct {
		name    string
		isGiven bool
	}{
		{"TLS", c.usesTLS},
		{"ClientAuth", c.clientAuth != ""},
		{"Args", len(c.args) > 0},
	}
	for _, option := range options {
		if option.isGiven {
			return fmt.Errorf("%s: only a new server can have this option, but %s names one that runs "+
				"already (%s)", option.name, serverVariable, url)
		}
	}
	return nil
}

// wrap adds the name of the package to an error.
func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("smartpaymock: %w", err)
}
