//go:build !unix

package smartpaymock_test

import "os/exec"

// There are no groups here.
func inGroup(*exec.Cmd)   {}
func killGroup(*exec.Cmd) {}
