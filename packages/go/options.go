package smartpaymock

import "strings"

// Option is an option of [Start] and [New].
type Option interface{ applyToServer(*serverConfig) }

// RealmOption is an option of a new realm. It is also an [Option].
type RealmOption interface {
	Option
	applyToRealm(*realmConfig)
}

// serverConfig is how to start a server.
type serverConfig struct {
	realmConfig
	usesTLS    bool
	clientAuth ClientAuthMode
	args       []string
}

// realmConfig is how to create a realm.
type realmConfig struct {
	fixtures *FixtureSet
	label    string
}

// ClientAuthMode is whether the server asks for client certificates.
type ClientAuthMode string

// The modes of client authentication.
const (
	ClientAuthOff      ClientAuthMode = "off"
	ClientAuthOptional ClientAuthMode = "optional"
	ClientAuthRequired ClientAuthMode = "required"
)

type serverOption func(*serverConfig)

func (o serverOption) applyToServer(config *serverConfig) { o(config) }

// TLS makes the URLs of the server HTTPS, with a CA of its own: see [Mock.HTTPClient] and [Mock.CAFile].
func TLS() Option {
	return serverOption(func(config *serverConfig) { config.usesTLS = true })
}

// ClientAuth sets whether the server asks for client certificates over HTTPS. The real server requires
// them. The default is [ClientAuthOff].
func ClientAuth(mode ClientAuthMode) Option {
	return serverOption(func(config *serverConfig) { config.clientAuth = mode })
}

// Args adds arguments of the command line, such as "--journal-size", "100".
func Args(args ...string) Option {
	return serverOption(func(config *serverConfig) { config.args = append(config.args, args...) })
}

// valueOf returns the value of an option of the command line, if it is among the arguments.
func (c *serverConfig) valueOf(option string) string {
	for i, arg := range c.args {
		if arg == option && i+1 < len(c.args) {
			return c.args[i+1]
		}
		if value, ok := strings.CutPrefix(arg, option+"="); ok {
			return value
		}
	}
	return ""
}

// commandLine returns the arguments of the server. The caller's own come last; those that it sets are
// not set here.
func (c *serverConfig) commandLine(tlsFolder string) []string {
	defaults := [][2]string{{"--listen", "127.0.0.1:0"}}
	if c.clientAuth != "" {
		defaults = append(defaults, [2]string{"--client-auth", string(c.clientAuth)})
	}
	if c.usesTLS {
		defaults = append(defaults,
			[2]string{"--tls-listen", "127.0.0.1:0"}, [2]string{"--tls-dir", tlsFolder})
	}

	var args []string
	for _, option := range defaults {
		if c.valueOf(option[0]) == "" {
			args = append(args, option[0]+"="+option[1])
		}
	}
	return append(args, c.args...)
}
