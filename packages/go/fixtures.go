package smartpaymock

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// FixtureSet is the clients, merchants, codes, settings and scenarios of a server or realm: the result
// of [Fixtures], [FixturesFile] or [FixturesValue]. It is an option of servers and of realms, of which
// the last one counts.
type FixtureSet struct {
	text  string
	path  string
	value any
}

// Fixtures takes fixtures in YAML or JSON. The white space at the start that all lines have in common is
// removed, so that the text can be indented with tabs like the code around it. Beyond that, YAML allows
// spaces only.
func Fixtures(text string) FixtureSet { return FixtureSet{text: dedent(text)} }

// FixturesFile takes the path of a file with fixtures, or, for a server, of a folder with such files.
func FixturesFile(path string) FixtureSet { return FixtureSet{path: path} }

// FixturesValue takes fixtures as a value that is encoded as JSON, such as a map.
func FixturesValue(value any) FixtureSet { return FixtureSet{value: value} }

func (f FixtureSet) applyToServer(config *serverConfig) { config.fixtures = &f }

func (f FixtureSet) applyToRealm(config *realmConfig) { config.fixtures = &f }

// toFile returns the path of a file or folder with the fixtures. What is no file is written to one in
// folder.
func (f FixtureSet) toFile(folder string) (string, error) {
	if f.path != "" {
		if _, err := os.Stat(f.path); err != nil {
			return "", fmt.Errorf("fixtures: %w", err)
		}
		return filepath.Abs(f.path)
	}

	content, name := []byte(f.text), "fixtures.yaml"
	if f.value != nil {
		var err error
		if content, err = json.MarshalIndent(f.value, "", "  "); err != nil {
			return "", fmt.Errorf("fixtures: %w", err)
		}
		name = "fixtures.json"
	} else if err := f.rejectPath(); err != nil {
		return "", err
	}
	path := filepath.Join(folder, name)
	return path, os.WriteFile(path, content, 0o600)
}

// toMember returns the fixtures as a member of a JSON body: text, or a value.
func (f FixtureSet) toMember() (any, error) {
	if f.value != nil {
		return f.value, nil
	}
	if f.path == "" {
		return f.text, f.rejectPath()
	}

	info, err := os.Stat(f.path)
	if err != nil {
		return nil, fmt.Errorf("fixtures: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("fixtures: %s is a folder, but those of a realm are one file. A server "+
			"takes a folder, and its realms begin with the same fixtures", f.path)
	}
	content, err := os.ReadFile(f.path)
	if err != nil {
		return nil, fmt.Errorf("fixtures: %w", err)
	}
	return string(content), nil
}

// rejectPath explains the likely mistake of a path that is given as text.
func (f FixtureSet) rejectPath() error {
	for _, suffix := range []string{".yaml", ".yml", ".json"} {
		if strings.HasSuffix(f.text, suffix) && !strings.Contains(f.text, "\n") {
			return fmt.Errorf("fixtures: %q is a path; use FixturesFile", f.text)
		}
	}
	if strings.TrimSpace(f.text) == "" {
		return errors.New("fixtures: the text is empty")
	}
	return nil
}

// dedent removes the white space that all lines begin with, but for blank ones.
func dedent(text string) string {
	lines := strings.Split(text, "\n")
	var common string
	isFirst := true
	for i, line := range lines {
		content := strings.TrimLeft(line, " \t")
		if content == "" || content == "\r" {
			lines[i] = content
			continue
		}
		indent := line[:len(line)-len(content)]
		if isFirst {
			common, isFirst = indent, false
		}
		for !strings.HasPrefix(indent, common) {
			common = common[:len(common)-1]
		}
	}

	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, common)
	}
	return strings.Join(lines, "\n")
}
