package wire

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"strings"
	"testing"

	"pgwatchrpc/interop/internal/tagged"
)

// The stream of one Point{22, 33}, put together by hand from the grammar.
func TestReadByHand(t *testing.T) {
	stream, err := hex.DecodeString(strings.ReplaceAll(
		"1f ff81 03 01 01 05 506f696e74 01 ff82 00 01 02 01 01 58 01 04 00 01 01 59 01 04 00 00 00"+
			" 07 ff82 01 2c 01 42 00", " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := Read(stream)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"type":"struct Point{X int; Y int}","value":{"t":"struct","name":"Point","fields":[["X",{"t":"int","v":"22"}],["Y",{"t":"int","v":"33"}]]}}]`
	if got := string(tagged.Marshal(entries)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCanonicalSortsAtEveryDepth(t *testing.T) {
	value := map[string]map[int]string{"b": {2: "x", 10: "y", 1: "z"}, "a": {}, "c": {3: "", 1: ""}}
	var first []byte
	for i := 0; i < 50; i++ {
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(value); err != nil {
			t.Fatal(err)
		}
		stream, err := Canonical(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = stream
		}
		if !bytes.Equal(stream, first) {
			t.Fatalf("%x differs from %x", stream, first)
		}
	}
}

func TestBadStreams(t *testing.T) {
	for name, c := range map[string]struct{ stream, want string }{
		"empty message":         {"00", "unexpected end of message"},
		"definition only":       {"0c ff81 02 01 02 ff82 00 01 04 00 00", "unexpected end of stream"},
		"length beyond stream":  {"05 04 00", "message length: 5 (left in stream: 2)"},
		"left over":             {"04 04 00 0a 00", "left over in message: 1 bytes"},
		"undefined type":        {"03 ff84 00", "undefined type: 66"},
		"delta before an int":   {"03 04 01 0a", "delta before a value that is no struct: 1 (expected: 0)"},
		"integer of nine bytes": {"0c 04 00 f7 010203040506070809", "bytes of an integer: 9 (expected: <= 8)"},
		"string beyond message": {"04 0c 00 05 61", "length: 5 (left in message: 1)"},
		"definition of int":     {"02 03 00", "type id: 2 (expected: >= 64)"},
		"bool of two":           {"03 02 00 02", "bool: 2"},
	} {
		stream, err := hex.DecodeString(strings.ReplaceAll(c.stream, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(stream); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: %v (expected: %s)", name, err, c.want)
		}
	}
}

// No stream may make the reader panic, wherever it is cut or damaged.
func TestDamagedStreams(t *testing.T) {
	type inner struct{ Any any }
	gob.RegisterName("wire.inner", inner{})
	var b bytes.Buffer
	enc := gob.NewEncoder(&b)
	for _, v := range []any{inner{inner{"x"}}, map[string][]any{"k": {1, nil, 2.5}}, [2]bool{true}} {
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	stream := b.Bytes()
	for i := range stream {
		_, _ = Read(stream[:i])
		for v := 0; v < 256; v++ {
			damaged := append([]byte(nil), stream...)
			damaged[i] = byte(v)
			_, _ = Read(damaged)
		}
	}
}
