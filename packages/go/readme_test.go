package smartpaymock_test

import (
	"os"
	"strings"
	"testing"
)

// readReadme returns the text of the README.
func readReadme(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	// Git writes other ends of lines on Windows.
	return strings.ReplaceAll(string(content), "\r\n", "\n")
}

// readmeBlocks returns the blocks with Go code of the README.
func readmeBlocks(t *testing.T) []string {
	t.Helper()
	var blocks []string
	for _, part := range strings.Split(readReadme(t), "```go\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, block)
	}
	return blocks
}

func TestTheFirstExampleOfTheReadmePasses(t *testing.T) {
	t.Parallel()
	example := readmeBlocks(t)[0]
	folder := newModule(t, map[string]string{"refresh_test.go": example})
	if passed, output := goTest(folder); !passed {
		t.Error(output)
	}
}

func TestTheReadmeShowsTheOutputOfAFailedTest(t *testing.T) {
	t.Parallel()
	example := strings.Replace(readmeBlocks(t)[0], "i < 2", "i < 1", 1)
	folder := newModule(t, map[string]string{"refresh_test.go": example})
	_, output := goTest(folder)

	_, shown, _ := strings.Cut(readReadme(t), "```\n--- FAIL")
	shown, _, _ = strings.Cut(shown, "```")
	for _, line := range strings.Split(strings.TrimSpace(shown), "\n")[1:] {
		// The port is another one each time, and the line in mock.go is no promise.
		if !strings.Contains(line, "mock.go") {
			wantContains(t, output, strings.TrimSpace(line))
		}
	}
}

// The other blocks are parts of tests.
const (
	readmeHead = `package shop

import (
	"context"
	"log"
	"os"
	"testing"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

var (
	_ = context.Background
	_ = log.Fatal
	_ = os.Exit
	_ = time.Second
	_ = smartpaymock.Start
)

`
	readmeTest    = "func TestPart(t *testing.T) {\nid := \"\"\n_ = id\n"
	readmeTestEnd = "}\n"
)

func TestTheOtherExamplesOfTheReadmeCompile(t *testing.T) {
	t.Parallel()
	for _, block := range readmeBlocks(t)[1:] {
		// With the variables that a block does not declare.
		start := "mock := smartpaymock.Start(t)\n"
		if strings.Contains(block, "mock := ") {
			start = ""
		}
		file := readmeHead + readmeTest + start + block + readmeTestEnd
		if strings.Contains(block, "func ") {
			file = readmeHead + block
		}
		folder := newModule(t, map[string]string{"part_test.go": file})
		if output, err := goCommand(folder, "vet").CombinedOutput(); err != nil {
			t.Errorf("%s\n%s", output, file)
		}
	}
}
