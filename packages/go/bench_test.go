package smartpaymock_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

// The benchmarks measure what the package adds to the program. Compare BenchmarkFirstToken with
// BenchmarkFirstTokenOfTheProgram:
//
//	go test -run '^$' -bench . -benchtime 100x

func BenchmarkFirstToken(b *testing.B) {
	for i := 0; i < b.N; i++ {
		server, err := smartpaymock.New(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := server.IssueTokens(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		server.Close()
		b.StartTimer()
	}
}

func BenchmarkFirstTokenOfTheProgram(b *testing.B) {
	program, ready := binary(b), filepath.Join(b.TempDir(), "ready")
	for i := 0; i < b.N; i++ {
		command := exec.Command(program, "--listen=127.0.0.1:0", "--ready-file", ready)
		if err := command.Start(); err != nil {
			b.Fatal(err)
		}
		issueFirstToken(b, ready)

		b.StopTimer()
		command.Process.Kill()
		command.Wait()
		os.Remove(ready)
		b.StartTimer()
	}
}

// issueFirstToken waits for a server, and then issues tokens with as little code as possible.
func issueFirstToken(b *testing.B, ready string) {
	var content []byte
	for len(content) == 0 {
		time.Sleep(200 * time.Microsecond)
		content, _ = os.ReadFile(ready)
	}
	var urls struct{ HTTP string }
	if err := json.Unmarshal(content, &urls); err != nil {
		b.Fatal(err)
	}

	body := []byte(`{"client_id":"v6TJH1IqhM","merchant_id":"rahulrama"}`)
	request, _ := http.NewRequest("POST", urls.HTTP+"/_mock/tokens", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	conn, err := net.Dial("tcp", request.Host)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	if err := request.Write(conn); err != nil {
		b.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil || response.StatusCode != http.StatusCreated {
		b.Fatal(response, err)
	}
}

func BenchmarkRealm(b *testing.B) {
	for i := 0; i < b.N; i++ {
		realm, err := server.NewRealm(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if err := realm.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNow(b *testing.B) {
	for i := 0; i < b.N; i++ {
		if _, err := server.Now(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
