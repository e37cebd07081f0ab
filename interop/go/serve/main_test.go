package main

import (
	"encoding/json"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgwatchrpc/interop/internal/kinds"
)

// The program prints its addresses, serves both, and ends with its input.
func TestProgram(t *testing.T) {
	dir := t.TempDir()
	program, out := filepath.Join(dir, "serve"), filepath.Join(dir, "calls.jsonl")
	if output, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	cmd := exec.Command(program, "-out", out)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var addresses struct{ HTTP, Raw string }
	if err := json.NewDecoder(stdout).Decode(&addresses); err != nil {
		t.Fatal(err)
	}
	clients := map[string]func() (*rpc.Client, error){
		"http": func() (*rpc.Client, error) { return rpc.DialHTTP("tcp", addresses.HTTP) },
		"raw":  func() (*rpc.Client, error) { return rpc.Dial("tcp", addresses.Raw) },
	}
	for name, dial := range clients {
		c, err := dial()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var product int
		if err := c.Call("Arith.Multiply", kinds.Args{A: 6, B: 7}, &product); err != nil || product != 42 {
			t.Errorf("%s: %d, %v", name, product, err)
		}
		if err := c.Call("Receiver.SyncMetric", struct{ DbName string }{name}, new(string)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		c.Close()
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	written, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(written), "\n"); n != 2 {
		t.Errorf("lines: %d (expected: 2): %s", n, written)
	}
}
