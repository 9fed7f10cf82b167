package smartpaymock

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// callTimeout is the longest time that a call takes, not counting what it waits for by itself.
	callTimeout = 30 * time.Second

	typeJSON = "application/json"
	typeYAML = "application/yaml"
)

// control sends calls to the control API of a server. It starts no goroutines, unlike an http.Client:
// tests can look for leaked goroutines, or call it within a bubble of testing/synctest.
type control struct {
	base  *url.URL
	tls   *tls.Config
	token string

	// explain returns why the server did not respond.
	explain func(error) error

	mu     sync.Mutex
	idle   []*controlConn
	closed bool
}

// controlConn is a connection for one call after the other.
type controlConn struct {
	net.Conn
	reader *bufio.Reader
}

// parseServerURL reads the URL of a server.
func parseServerURL(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return nil, fmt.Errorf("%q is not a URL such as http://127.0.0.1:8080", text)
	}
	return parsed, nil
}

// call sends a call with a JSON body, unless body is nil, and reads the JSON of its response into
// result, unless that is nil.
func (c *control) call(ctx context.Context, method, path string, body, result any) error {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return err
		}
	}
	return c.send(ctx, method, path, typeJSON, content, result)
}

// send sends a call with a body of any type.
func (c *control) send(
	ctx context.Context, method, path, contentType string, content []byte, result any,
) error {
	status, received, err := c.exchange(ctx, method, path, contentType, content)
	if err != nil {
		return err
	}
	if status >= http.StatusBadRequest {
		return readProblem(method+" "+path, status, received)
	}
	if result == nil {
		return nil
	}

	if err := json.Unmarshal(received, result); err != nil {
		return fmt.Errorf("%s %s: not a response of the mock: %w", method, path, err)
	}
	return nil
}

// close closes all connections.
func (c *control) close() {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.closed = true
	for _, conn := range c.idle {
		conn.Close()
	}
	c.idle = nil
}

func (c *control) exchange(
	ctx context.Context, method, path, contentType string, content []byte,
) (int, []byte, error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}

	for {
		conn, isNew, err := c.connect(ctx)
		if err != nil {
			return 0, nil, err
		}
		status, received, err := c.request(ctx, conn, method, path, contentType, content)
		if err == nil {
			return status, received, nil
		}
		conn.Close()

		// The server closes connections that have been idle for a while.
		if !isNew && ctx.Err() == nil && !isTimeout(err) {
			continue
		}
		return 0, nil, c.failure(ctx, err)
	}
}

// connect returns an idle connection, or a new one.
func (c *control) connect(ctx context.Context) (conn *controlConn, isNew bool, err error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, false, ErrClosed
	}
	if last := len(c.idle) - 1; last >= 0 {
		conn, c.idle = c.idle[last], c.idle[:last]
		c.mu.Unlock()
		return conn, false, nil
	}
	c.mu.Unlock()

	dialed, err := c.dial(ctx)
	if err != nil {
		return nil, true, c.failure(ctx, err)
	}
	return &controlConn{Conn: dialed, reader: bufio.NewReader(dialed)}, true, nil
}

func (c *control) dial(ctx context.Context) (net.Conn, error) {
	port := c.base.Port()
	if port == "" {
		port = c.base.Scheme
	}
	dialer := net.Dialer{Timeout: callTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(c.base.Hostname(), port))
	if err != nil || c.base.Scheme == "http" {
		return conn, err
	}

	config := c.tls.Clone()
	config.ServerName = c.base.Hostname()
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secured, nil
}

// request sends a call on a connection, which is kept for the next one.
func (c *control) request(
	ctx context.Context, conn *controlConn, method, path, contentType string, content []byte,
) (int, []byte, error) {
	request, err := http.NewRequest(method, c.base.String()+path, bytes.NewReader(content))
	if err != nil {
		return 0, nil, err
	}
	if content != nil {
		request.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(callTimeout)
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return 0, nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	status, received, isLast, err := conn.roundTrip(request)
	// A context that ends at this moment leaves the connection with a deadline that has passed.
	if wasCanceled := !stop(); err == nil {
		c.keep(conn, isLast || wasCanceled)
	}
	return status, received, err
}

// roundTrip sends a request and reads its response. It returns whether the connection ends with it.
func (c *controlConn) roundTrip(
	request *http.Request,
) (status int, received []byte, isLast bool, err error) {
	if err := request.Write(c); err != nil {
		return 0, nil, true, err
	}
	response, err := http.ReadResponse(c.reader, request)
	if err != nil {
		return 0, nil, true, err
	}
	defer response.Body.Close()

	received, err = io.ReadAll(response.Body)
	return response.StatusCode, received, response.Close, err
}

// keep makes a connection available for the next call.
func (c *control) keep(conn *controlConn, isLast bool) {
	c.mu.Lock()
	defer c.mu.Unlock()

	if isLast || c.closed {
		conn.Close()
		return
	}
	c.idle = append(c.idle, conn)
}

// failure returns the error of a call that got no response.
func (c *control) failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// The deadline of a connection can be a moment earlier than that of its context.
	if deadline, ok := ctx.Deadline(); ok && isTimeout(err) && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return c.explain(err)
}

func isTimeout(err error) bool {
	var failure net.Error
	return errors.As(err, &failure) && failure.Timeout()
}

// readProblem reads an error response, which is a problem document (RFC 9457).
func readProblem(call string, status int, received []byte) error {
	var problem struct {
		Title, Detail string
		Errors        []FieldError
	}
	if err := json.Unmarshal(received, &problem); err != nil || problem.Title == "" {
		return &Error{Call: call, Status: status, Detail: "not a response of the mock"}
	}

	detail := problem.Detail
	if detail == "" {
		detail = problem.Title
	}
	return &Error{Call: call, Status: status, Detail: detail, Fields: problem.Errors}
}
