package smartpaymock

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

var (
	// ErrNoBinary is the error where there is no program to start: the module has none for this
	// platform, or it is a checkout of the source, which has none at all.
	ErrNoBinary = errors.New("no program for this platform")

	// ErrNotFound is the error of a call that names something that is not there, such as a grant.
	ErrNotFound = errors.New("not found")

	// ErrClosed is the error of a call to a server or realm that has been closed.
	ErrClosed = errors.New("the server or realm is closed")
)

// Error is an error response of the server's control API. If Status is 404, it is an [ErrNotFound].
type Error struct {
	// Call is the method and the path of the call.
	Call string
	// Status is the HTTP status of the response.
	Status int
	// Detail says what is wrong.
	Detail string
	// Fields are the invalid members of what was sent, such as fixtures.
	Fields []FieldError
}

// FieldError is an invalid member of a call's body.
type FieldError struct {
	// Pointer is the JSON pointer of the member.
	Pointer string `json:"pointer"`
	// Detail says what is wrong with it.
	Detail string `json:"detail"`
	// Line is its line in the text of fixtures, from 1; 0 if it is not part of a text.
	Line int `json:"line"`
	// Column is its column in the text of fixtures, from 1; 0 if it is not part of a text.
	Column int `json:"column"`
}

// Error returns what the server says, with each invalid member on a line.
func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Fields))
	for _, field := range e.Fields {
		lines = append(lines, field.String())
	}

	detail := e.Detail
	if len(lines) == 1 {
		detail = lines[0]
	} else if len(lines) > 1 {
		detail += "\n  " + strings.Join(lines, "\n  ")
	}
	return fmt.Sprintf("%s (%s: %d)", detail, e.Call, e.Status)
}

// Is returns whether target is [ErrNotFound] and the status is 404.
func (e *Error) Is(target error) bool {
	return target == ErrNotFound && e.Status == http.StatusNotFound
}

// String returns the place of the member and what is wrong with it.
func (f FieldError) String() string {
	pointer := f.Pointer
	if pointer == "" {
		pointer = "the body"
	}
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", pointer, f.Detail)
	}
	return fmt.Sprintf("%d:%d: %s: %s", f.Line, f.Column, pointer, f.Detail)
}

// StartError is the error of a program that ended before it accepted requests: invalid options, invalid
// fixtures, or a port that is taken.
type StartError struct {
	// ExitCode is 2 for invalid options or fixtures, and 1 for other failures.
	ExitCode int
	// Log is what the program said.
	Log string
}

// Error returns what the program said.
func (e *StartError) Error() string {
	if e.Log == "" {
		return fmt.Sprintf("the server ended at once, with exit code %d", e.ExitCode)
	}
	return e.Log
}

// ExpectationError is the error of an expectation that is not met.
type ExpectationError struct {
	// Message says what was expected, what was received, and which requests were closest.
	Message string
}

// Error returns the message.
func (e *ExpectationError) Error() string { return e.Message }
