package smartpaymock

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// The variables that describe a server that runs already.
const (
	serverVariable       = "SMARTPAY_MOCK_SERVER"
	controlTokenVariable = "SMARTPAY_MOCK_CONTROL_TOKEN"
	caVariable           = "SMARTPAY_MOCK_CA"
	certificateVariable  = "SMARTPAY_MOCK_CERT"
	keyVariable          = "SMARTPAY_MOCK_KEY"
)

// certificateTimeout is the longest time that it takes to issue a certificate.
const certificateTimeout = 30 * time.Second

var errNoTLS = errors.New("the server has no certificates; start it with the option TLS")

// tlsFiles are the certificates of a server. Those of a server that somebody else started are given.
type tlsFiles struct {
	// folder is the --tls-dir of the server, or empty.
	folder string
	// ca, certificate and key are given, or empty.
	ca, certificate, key string

	mu      sync.Mutex
	clients map[string]string
}

// runningTLSFiles returns the files of a server that runs already, which may have none.
func runningTLSFiles() (*tlsFiles, error) {
	files := &tlsFiles{
		ca:          os.Getenv(caVariable),
		certificate: os.Getenv(certificateVariable),
		key:         os.Getenv(keyVariable),
	}
	if (files.certificate == "") != (files.key == "") {
		return nil, fmt.Errorf("set both of %s and %s, or none", certificateVariable, keyVariable)
	}
	if files.ca == "" && files.certificate == "" {
		return nil, nil
	}
	return files, nil
}

// caFile returns the path of the CA's certificate.
func (f *tlsFiles) caFile() (string, error) {
	if f == nil {
		return "", errNoTLS
	}
	if f.folder != "" {
		return filepath.Join(f.folder, "ca.pem"), nil
	}
	if f.ca == "" {
		return "", fmt.Errorf("the CA of the server is not known; name its file in %s", caVariable)
	}
	return f.ca, nil
}

// clientCertificate returns the paths of a certificate with a common name, and of its key.
func (f *tlsFiles) clientCertificate(commonName string) (certificate, key string, err error) {
	if f == nil {
		return "", "", errNoTLS
	}
	if f.folder == "" {
		if f.certificate == "" {
			return "", "", fmt.Errorf("there is no certificate for %q: only a new server issues them; "+
				"name one in %s and %s", commonName, certificateVariable, keyVariable)
		}
		return f.certificate, f.key, nil
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	folder, isThere := f.clients[commonName]
	if !isThere {
		if folder, err = f.issue(commonName); err != nil {
			return "", "", err
		}
		if f.clients == nil {
			f.clients = map[string]string{}
		}
		f.clients[commonName] = folder
	}
	return filepath.Join(folder, "client.pem"), filepath.Join(folder, "client.key"), nil
}

// issue has a certificate signed by the CA, and returns the folder in which it is.
func (f *tlsFiles) issue(commonName string) (folder string, err error) {
	// The program keeps one client certificate in each folder, and signs with the CA there.
	folder, err = os.MkdirTemp(f.folder, "client-")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	for _, name := range []string{"ca.pem", "ca.key"} {
		content, err := os.ReadFile(filepath.Join(f.folder, name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return "", err
		}
	}

	program, err := findBinary()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), certificateTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, program, "certs", folder, "--client-name="+commonName)
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("certificate for %q: %w: %s", commonName, err, bytes.TrimSpace(output))
	}
	return folder, nil
}

// config returns the TLS configuration of a client that trusts the CA, or the system's roots if the CA
// is not known. Without a common name, it has no certificate.
func (f *tlsFiles) config(commonName string) (*tls.Config, error) {
	if f == nil {
		return nil, errNoTLS
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.folder != "" || f.ca != "" {
		roots, err := f.roots()
		if err != nil {
			return nil, err
		}
		config.RootCAs = roots
	}
	if commonName == "" {
		return config, nil
	}

	certificate, key, err := f.clientCertificate(commonName)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// roots returns the CA.
func (f *tlsFiles) roots() (*x509.CertPool, error) {
	path, err := f.caFile()
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s has no certificate", path)
	}
	return roots, nil
}

// controlConfig returns the TLS configuration of control calls to a server that runs already.
func (f *tlsFiles) controlConfig() (*tls.Config, error) {
	if f == nil {
		return &tls.Config{MinVersion: tls.VersionTLS12}, nil
	}
	return f.config(f.certificate)
}

// CAFile returns the path of the certificate of the CA that clients have to trust, in PEM. The server
// needs the option [TLS].
func (r *Realm) CAFile() (string, error) {
	path, err := r.tls.caFile()
	return path, wrap(err)
}

// ClientCertificate returns the paths of a client certificate with this common name, and of its key, in
// PEM. It is issued once. The server needs the option [TLS].
func (r *Realm) ClientCertificate(commonName string) (certificate, key string, err error) {
	certificate, key, err = r.tls.clientCertificate(commonName)
	return certificate, key, wrap(err)
}

// TLSConfig returns the configuration of a client that trusts the CA and, unless the common name is
// empty, presents a client certificate with it. The server needs the option [TLS].
func (r *Realm) TLSConfig(commonName string) (*tls.Config, error) {
	config, err := r.tls.config(commonName)
	return config, wrap(err)
}

// HTTPClient returns an HTTP client with the configuration that [Realm.TLSConfig] returns, or, without
// HTTPS, a plain one. It does not use a proxy. Its connections are its own: to close them, call its
// method CloseIdleConnections.
func (r *Realm) HTTPClient(commonName string) (*http.Client, error) {
	transport := &http.Transport{ForceAttemptHTTP2: true}
	if r.tls != nil || commonName != "" {
		config, err := r.TLSConfig(commonName)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = config
	}
	return &http.Client{Transport: transport}, nil
}
